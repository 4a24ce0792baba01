"""The forward pass of a LoRA training on a CPU, with the loss of the stock one and a third of its work.

Four things are left out: padding and repeated beginnings of rows (`packing`), logits of tokens that are not trained
on, layers below the first adapter for rows that passed them before, and copies in the adapters' own arithmetic.
Imported only inside the training process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear, scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask
from transformers.modeling_outputs import CausalLMOutputWithPast

from harness.trainers.axolotl.packing import Pack, Segment, pack

ATTENTION = "harness_shared_beginnings"
# Decoder and head are plain in these: no scaling or capping of logits between the two.
MODEL_TYPES = ("llama", "mistral", "qwen2", "qwen3")
CACHE_BYTES = 1 << 30
"""Hidden states that are kept between epochs; rows beyond are computed again each time."""
GROUP = 16
"""Rows that pass the lower layers together."""

Row = tuple[int, ...]


def install(model: Any) -> Forward | None:
    """Replace the forward pass for batches with labels where that gives the same loss; None where it does not.

    The model must be of a known type, with full attention and no dropout in it.
    """
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    if not _fits(causal.config):
        return None
    fuse_adapters(model)
    causal.set_attn_implementation(ATTENTION)
    causal.forward = Forward(causal, causal.forward)
    return causal.forward  # type: ignore[no-any-return]


def _fits(config: Any) -> bool:
    kinds = set(getattr(config, "layer_types", None) or ("full_attention",))
    windowed = getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True)
    dropout = getattr(config, "attention_dropout", 0.0)
    return config.model_type in MODEL_TYPES and kinds == {"full_attention"} and not windowed and not dropout


class Forward:
    """Called as the model's own `forward`; without labels it is that one."""

    def __init__(self, causal: Any, stock: Callable[..., Any]) -> None:
        self.causal, self.stock = causal, stock
        self.lowest = first_trained_layer(causal.model)
        self.lower: dict[Row, Tensor] = {}
        self.room = CACHE_BYTES
        self.groups: dict[Row, tuple[Row, ...]] = {}

    def expect(self, rows: Iterable[Sequence[int]]) -> None:
        """The rows of the training, so far as their states fit into CACHE_BYTES: their lower layers run once."""
        ordered = sorted({tuple(row) for row in rows} - self.groups.keys())
        for first in range(0, len(ordered), GROUP):
            group = tuple(ordered[first : first + GROUP])
            size = sum(map(len, group)) * self.causal.config.hidden_size * self.causal.dtype.itemsize
            if size <= self.room:
                self.groups |= dict.fromkeys(group, group)
                self.room -= size

    def __call__(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        num_items_in_batch: Any = None,
        **more: Any,
    ) -> Any:
        """The loss over answer tokens: their mean, or their sum over `num_items_in_batch`. Logits are not kept."""
        if labels is None or input_ids is None:
            return self.stock(input_ids=input_ids, attention_mask=attention_mask, labels=labels, **more)
        rows, targets = _rows(input_ids, attention_mask, labels)
        packed = pack(rows)
        hidden = self._hidden(packed, rows)
        columns, tokens = _answers(packed, rows, targets)
        logits = self.causal.lm_head(hidden[0, torch.tensor(columns, dtype=torch.long)]).float()
        total = cross_entropy(logits, torch.tensor(tokens, dtype=torch.long), reduction="sum")
        loss: Any = total / (len(tokens) if num_items_in_batch is None else num_items_in_batch)
        return CausalLMOutputWithPast(loss=loss)

    def _hidden(self, packed: Pack, rows: Sequence[Row]) -> Tensor:
        """`[1, columns, size]`, after the last norm."""
        hidden = self._embedded(packed)
        if self.lowest:
            with torch.no_grad():
                hidden = self._below(packed, rows, hidden)
        normed: Tensor = self.causal.model.norm(self._through(packed, hidden, self.lowest))
        return normed

    def _below(self, packed: Pack, rows: Sequence[Row], hidden: Tensor) -> Tensor:
        """The states below the first adapter, which never change: those of expected rows are kept.

        Such a row passes beside the same rows whenever it comes first; beside those of its batch, a resumed training
        would end with other bytes.
        """
        if not all(row in self.groups for row in rows):
            return self._through(packed, hidden, 0, self.lowest)
        for row, path in zip(rows, packed.paths, strict=True):
            if row not in self.lower:
                self._run_group(self.groups[row])
            hidden[0, torch.tensor(path)] = self.lower[row]
        return hidden

    def _run_group(self, group: tuple[Row, ...]) -> None:
        packed = pack(group)
        states = self._through(packed, self._embedded(packed), 0, self.lowest)[0]
        self.lower |= {row: states[torch.tensor(path)] for row, path in zip(group, packed.paths, strict=True)}

    def _embedded(self, packed: Pack) -> Tensor:
        states: Tensor = self.causal.model.embed_tokens(torch.tensor([packed.tokens]))
        return states

    def _through(self, packed: Pack, hidden: Tensor, first: int, stop: int | None = None) -> Tensor:
        """The states after the layers `first:stop`."""
        rotary = self.causal.model.rotary_emb(hidden, position_ids=torch.tensor([packed.positions]))
        layout = Layout(packed)
        for layer in self.causal.model.layers[first:stop]:
            hidden = layer(hidden, attention_mask=None, position_embeddings=rotary, layout=layout)
        return hidden


class Layout:
    """The segments of a pack, with their columns and masks as tensors."""

    def __init__(self, packed: Pack) -> None:
        self.segments = [(segment, torch.tensor(segment.path), _mask(segment)) for segment in packed.segments]


def first_trained_layer(model: Any) -> int:
    """The index of the lowest layer with a trained parameter; 0 where something below the layers is trained."""
    if any(parameter.requires_grad for parameter in model.embed_tokens.parameters()):
        return 0
    trained = (any(parameter.requires_grad for parameter in layer.parameters()) for layer in model.layers)
    return next((index for index, is_trained in enumerate(trained) if is_trained), 0)


def _rows(ids: Tensor, mask: Tensor | None, labels: Tensor) -> tuple[list[Row], list[Row]]:
    """Token ids and labels of each row, without its padding."""
    present = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask.bool()
    rows = [tuple(row[kept].tolist()) for row, kept in zip(ids, present, strict=True)]
    targets = [tuple(row[kept].tolist()) for row, kept in zip(labels, present, strict=True)]
    return rows, targets


def _answers(packed: Pack, rows: Sequence[Row], targets: Sequence[Row]) -> tuple[list[int], list[int]]:
    """For each token that is trained on: the column whose state predicts it, and its id."""
    columns: list[int] = []
    tokens: list[int] = []
    for path, labels in zip(packed.paths, targets, strict=True):
        trained = [index for index in range(1, len(labels)) if labels[index] != -100]
        columns += [path[index - 1] for index in trained]
        tokens += [labels[index] for index in trained]
    return columns, tokens


def _mask(segment: Segment) -> Tensor | None:
    """True `[tokens, columns]` where a token may look; None where it is a plain triangle."""
    queries, keys = segment.stop - segment.first, len(segment.path)
    return None if queries == keys else torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)


def attend(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None,
    scaling: float | None = None, layout: Layout | None = None, **more: Any,
) -> tuple[Tensor, None]:  # fmt: skip
    """Transformers' attention interface: `[rows, heads, tokens, size]` in, `[rows, tokens, heads, size]` out."""
    if layout is None:
        result: Tensor = sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **more)[0]
        return result, None
    parts = []
    for segment, path, mask in layout.segments:
        keys, values = key.index_select(2, path), value.index_select(2, path)
        own = query[:, :, segment.first : segment.stop]
        grouped = query.shape[1] != key.shape[1]
        parts.append(
            scaled_dot_product_attention(
                own, keys, values, attn_mask=mask, is_causal=mask is None, scale=scaling, enable_gqa=grouped
            )
        )
    return torch.cat(parts, 2).transpose(1, 2), None


AttentionInterface.register(ATTENTION, attend)
AttentionMaskInterface.register(ATTENTION, sdpa_mask)


def fuse_adapters(model: Any) -> None:
    """Add an adapter's part in the product that makes it, for plain LoRA on plain layers; others stay."""
    from peft.tuners.lora.layer import Linear

    plain: list[Any] = [module for module in model.modules() if type(module) is Linear and _is_plain(module)]
    for module in plain:
        module.forward = _FusedLinear(module)


def _is_plain(module: Any) -> bool:
    names = list(module.active_adapters)
    return (
        len(names) == 1
        and type(module.base_layer) is nn.Linear
        and not module.lora_variant
        and not module.fan_in_fan_out
        and isinstance(module.lora_dropout[names[0]], nn.Identity)
        and module.lora_A[names[0]].bias is None
        and module.lora_B[names[0]].bias is None
        and module.scaling[names[0]] <= torch.finfo(module.lora_B[names[0]].weight.dtype).max
    )


class _FusedLinear:
    def __init__(self, module: Any) -> None:
        name = module.active_adapters[0]
        self.base, self.down, self.up = module.base_layer, module.lora_A[name], module.lora_B[name]
        self.scale: float = module.scaling[name]
        self.module, self.stock = module, module.forward

    def __call__(self, x: Tensor, *args: Any, **kwargs: Mapping[str, Any]) -> Tensor:
        if self.module.disable_adapters or self.module.merged or args or kwargs or self.up.weight.dtype != x.dtype:
            result: Tensor = self.stock(x, *args, **kwargs)
            return result
        plain = linear(x, self.base.weight, self.base.bias)
        low = linear(x, self.down.weight)
        added = torch.addmm(plain.flatten(0, -2), low.flatten(0, -2), self.up.weight.t(), alpha=self.scale)
        return added.view_as(plain)
