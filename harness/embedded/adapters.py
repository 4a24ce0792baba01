"""Which adapter each row of a pass goes through."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import Linear, Parameter

from .jobs import BASE

_FOLDED_BYTES = 2 * 1024**3
"""The most that a second copy of the adapted weights may take; larger models keep the adapters apart."""


class Adapters:
    """The LoRA layers of a model.

    Rows that all want the same adapter go through weights it is added to: apart from them it costs a fifth of a
    prefill, and more of a small step. Mixed rows take PEFT's way, which gathers and scatters them.
    """

    def __init__(self, model: Any) -> None:
        from peft.tuners.tuners_utils import BaseTunerLayer

        self._layers: list[Any] = [module for module in model.modules() if isinstance(module, BaseTunerLayer)]
        self._plain = [layer.base_layer.weight for layer in self._layers]
        self._folds = all(map(_foldable, self._layers)) and sum(w.nbytes for w in self._plain) <= _FOLDED_BYTES
        self._folded: list[Parameter] = []
        self._folded_name = BASE
        self._names: list[str] = []
        for layer in self._layers:
            layer.register_forward_pre_hook(self._add_names, with_kwargs=True)

    def _add_names(self, _module: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return args, kwargs if len(set(self._names)) == 1 else kwargs | {"adapter_names": self._names}

    def select(self, names: list[str]) -> None:
        """The adapter of each row of the next pass, or BASE."""
        before, after = set(self._names), set(names)
        self._names = names
        if before == after:
            return
        only = next(iter(after)) if len(after) == 1 else None
        alone = only is not None and only != BASE
        weights = self._fold(str(only)) if alone and self._folds else self._plain
        for layer, weight in zip(self._layers, weights, strict=True):
            layer.base_layer.weight = weight
            layer._disable_adapters = only == BASE or (alone and self._folds)
            if alone:
                layer._active_adapter = [only]

    def _fold(self, name: str) -> list[Parameter]:
        """The weights with one adapter added, in the one second copy there is."""
        if not self._folded:
            self._folded = [Parameter(torch.empty_like(weight), requires_grad=False) for weight in self._plain]
        if name != self._folded_name:
            for layer, plain, folded in zip(self._layers, self._plain, self._folded, strict=True):
                tuned = name in layer.lora_A
                folded.copy_(plain + layer.get_delta_weight(name) if tuned else plain)
            self._folded_name = name
        return self._folded


def _foldable(layer: Any) -> bool:
    """Exact on float32 only; an embedding's weights may be the output head's too."""
    from peft.tuners.lora import Linear as LoraLinear

    plain = type(layer.base_layer) is Linear and layer.base_layer.weight.dtype == torch.float32
    return isinstance(layer, LoraLinear) and plain
