"""Attention for decoding and for packed prompts, under transformers' name for it.

Query heads that share a key-value head are folded into one matrix: repeating the keys and values for each of
them, as the stock function does under a mask, costs more than the attention itself.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from .packing import Pack

NAME = "harness_packed"


class Layout:
    """Where the segments of a pack lie, as tensors; `windows` keeps the masks of layers with a sliding window."""

    def __init__(self, pack: Pack, device: torch.device) -> None:
        self._start = pack.start
        self.segments = [(s.first, s.stop, torch.tensor(s.path, device=device)) for s in pack.segments]
        self._masks: dict[tuple[int, int, int | None], Tensor] = {}
        self.calls = 0

    def mask(self, queries: int, keys: int, window: int | None) -> Tensor:
        """True `[queries, keys]` where the last `queries` of `keys` columns may look."""
        if (queries, keys, window) not in self._masks:
            device = self.segments[0][2].device
            ones = torch.ones(queries, keys, dtype=torch.bool, device=device).tril(keys - queries)
            self._masks[queries, keys, window] = ones if window is None else ones.triu(keys - queries - window + 1)
        return self._masks[queries, keys, window]


def attend(
    _module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    layout: Layout | None = None,
    **_kwargs: Any,
) -> tuple[Tensor, None]:
    """Transformers' attention interface: `[rows, heads, tokens, size]` in, `[rows, tokens, heads, size]` out."""
    if layout is None:
        return _folded(query, key, value, attention_mask, scaling), None
    layout.calls += 1
    parts = []
    for first, stop, path in layout.segments:
        keys, values = key.index_select(2, path), value.index_select(2, path)
        mask = layout.mask(stop - first, len(path), sliding_window)
        parts.append(_folded(query[:, :, first:stop], keys, values, mask, scaling))
    return torch.cat(parts, 1), None


def _folded(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scaling: float | None) -> Tensor:
    rows, heads, tokens, size = query.shape
    shared = key.shape[1]
    folds = heads // shared
    if mask is not None and tokens > 1:
        mask = mask.repeat(*[1] * (mask.dim() - 2), folds, 1)
    together = query.reshape(rows, shared, folds * tokens, size)
    found = scaled_dot_product_attention(together, key, value, attn_mask=mask, scale=scaling)
    return found.reshape(rows, heads, tokens, -1).transpose(1, 2)


def install(model: Any) -> None:
    """Let `model` attend through `attend`."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
