"""The model and its adapters: token ids in, logits and prompt log-probabilities out.

What a row gets does not depend on the rows beside it: padding is masked, positions count real tokens only,
and each row passes through its own adapter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .jobs import BASE, PrefillScores
from .kv import Batch, new_cache

_LOGIT_CELLS = 32 * 1024 * 1024
"""Logits held at a time while prompts are scored: a whole prompt over a large vocabulary would not fit."""


_LEAST_SHARED = 16
"""Tokens that prompts must share before running them apart saves more than a second pass costs."""


def shared_prefix(prompts: Sequence[Sequence[int]], adapters: Sequence[str]) -> int:
    """How many first tokens all rows share, 0 where that saves nothing. Each row keeps a token of its own."""
    if len(prompts) < 2 or len(set(adapters)) > 1:
        return 0
    rows = [list(prompt) for prompt in prompts]
    low, high = min(rows), max(rows)  # of sorted rows the first and the last differ earliest
    most = min(map(len, rows)) - 1
    same = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), most)
    return min(same, most) if min(same, most) >= _LEAST_SHARED else 0


@dataclass(frozen=True, slots=True)
class Prefilled:
    """After the prompts: next-token logits `[rows, vocabulary]` (float32), batch, scores where asked."""

    logits: Tensor
    batch: Batch | None
    scores: list[PrefillScores | None]


class Engine:
    """A causal language model with any number of LoRA adapters, called from one thread only."""

    def __init__(self, model: Any, pad_id: int, adapted: bool = True) -> None:
        self._decoder = model.base_model
        self._head = model.get_output_embeddings()
        self._layers: int = model.config.get_text_config().num_hidden_layers
        self._pad_id = pad_id
        self._names: list[str] = []
        self._tuned: list[Any] = []
        self.device = next(model.parameters()).device
        self.vocabulary: int = self._head.weight.shape[0]
        if adapted:
            self._route_adapters(model)

    def _route_adapters(self, model: Any) -> None:
        """Let every LoRA layer know, at each call, which adapter each row wants."""
        from peft.tuners.tuners_utils import BaseTunerLayer

        def add_names(_module: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
            return args, kwargs if len(set(self._names)) == 1 else kwargs | {"adapter_names": self._names}

        self._tuned = [module for module in model.modules() if isinstance(module, BaseTunerLayer)]
        for layer in self._tuned:
            layer.register_forward_pre_hook(add_names, with_kwargs=True)

    def _select(self, names: list[str]) -> None:
        """Rows that all want the same take PEFT's plain way: gathering and scattering rows costs a third of a step."""
        before, after = set(self._names), set(names)
        self._names = names
        if before == after:
            return
        only = next(iter(after)) if len(after) == 1 else None
        for layer in self._tuned:
            layer._disable_adapters = only == BASE
            if only is not None and only != BASE:
                layer._active_adapter = [only]

    @torch.inference_mode()
    def prefill(
        self,
        prompts: Sequence[Sequence[int]],
        adapters: Sequence[str],
        scored: Sequence[bool],
        keep_cache: bool = True,
    ) -> Prefilled:
        """Run whole prompts, left-padded to the longest. `keep_cache=False` when no row goes on.

        What all prompts begin with (few-shot examples, a system turn) is run once.
        """
        shared = 0 if any(scored) else shared_prefix(prompts, adapters)
        if shared:
            return self._prefill_after(shared, prompts, adapters)
        width = max(len(prompt) for prompt in prompts)
        pads = [width - len(prompt) for prompt in prompts]
        ids = self._tensor([[self._pad_id] * gap + list(row) for gap, row in zip(pads, prompts, strict=True)])
        mask = self._tensor([[0] * gap + [1] * (width - gap) for gap in pads])
        positions = (mask.cumsum(1) - 1).clamp_(min=0)
        cache = new_cache(self._layers) if keep_cache else None
        hidden = self._hidden(ids, mask, positions, cache, list(adapters))
        batch = Batch(list(adapters), cache, mask) if cache is not None else None
        return Prefilled(self._head(hidden[:, -1]).float(), batch, self._score(hidden, ids, pads, scored))

    def _prefill_after(self, shared: int, prompts: Sequence[Sequence[int]], adapters: Sequence[str]) -> Prefilled:
        """As `prefill`, where all rows begin with the same `shared` tokens: these, then padding, then the rest."""
        cache = new_cache(self._layers)
        head = self._tensor([list(prompts[0][:shared])])
        self._hidden(head, torch.ones_like(head), self._tensor([list(range(shared))]), cache, [adapters[0]])
        rows = len(prompts)
        for layer in cache.layers:
            layer.replace(*(part.expand(rows, -1, -1, -1) for part in (layer.keys, layer.values)))
        rest = [list(prompt[shared:]) for prompt in prompts]
        width = max(map(len, rest))
        pads = [width - len(row) for row in rest]
        ids = self._tensor([[self._pad_id] * gap + row for gap, row in zip(pads, rest, strict=True)])
        mask = self._tensor([[1] * shared + [0] * gap + [1] * (width - gap) for gap in pads])
        positions = (mask.cumsum(1) - 1)[:, shared:]
        hidden = self._hidden(ids, mask, positions, cache, list(adapters))
        return Prefilled(self._head(hidden[:, -1]).float(), Batch(list(adapters), cache, mask), [None] * rows)

    @torch.inference_mode()
    def step(self, batch: Batch, tokens: Sequence[int]) -> Tensor:
        """Append one token to each row; returns next-token logits `[rows, vocabulary]` (float32)."""
        ids = self._tensor(tokens).unsqueeze(1)
        positions = batch.mask.sum(1, keepdim=True)
        batch.mask = torch.cat([batch.mask, torch.ones_like(ids)], dim=1)
        hidden = self._hidden(ids, batch.mask, positions, batch.cache, batch.adapters)
        logits: Tensor = self._head(hidden[:, -1]).float()
        return logits

    def _hidden(self, ids: Tensor, mask: Tensor, positions: Tensor, cache: Any, adapters: list[str]) -> Tensor:
        self._select(adapters)
        output = self._decoder(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=cache is not None,
        )
        hidden: Tensor = output.last_hidden_state
        return hidden

    def _score(
        self, hidden: Tensor, ids: Tensor, pads: Sequence[int], scored: Sequence[bool]
    ) -> list[PrefillScores | None]:
        """Log-probability and rank of each prompt token but the first, in pieces that fit in memory."""
        rows = [row for row, wanted in enumerate(scored) if wanted]
        scores: list[PrefillScores | None] = [None] * len(pads)
        if not rows:
            return scores
        states = torch.cat([hidden[row, pads[row] : -1] for row in rows])
        targets = torch.cat([ids[row, pads[row] + 1 :] for row in rows])
        piece = max(1, _LOGIT_CELLS // self.vocabulary)
        pieces = [
            self._score_piece(*pair)
            for pair in zip(torch.split(states, piece), torch.split(targets, piece), strict=True)
        ]
        logprobs = torch.cat([logprob for logprob, _ in pieces]).tolist()
        ranks = torch.cat([rank for _, rank in pieces]).tolist()
        start = 0
        for row in rows:
            end = start + ids.shape[1] - pads[row] - 1
            scores[row] = PrefillScores(tuple(logprobs[start:end]), tuple(ranks[start:end]))
            start = end
        return scores

    def _score_piece(self, states: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        logits = self._head(states).float()
        target = logits.gather(1, targets.unsqueeze(1))
        return target.squeeze(1) - logits.logsumexp(1), (logits > target).sum(1)

    def _tensor(self, values: Any) -> Tensor:
        return torch.tensor(values, dtype=torch.long, device=self.device)
