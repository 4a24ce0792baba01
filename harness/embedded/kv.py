"""The tensors of a running batch: left-padded keys and values that rows join and leave between two steps.

Column -1 is the newest token of every row, so one append serves all rows; what a row lacks in length
is padding on its left, hidden by the mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers.cache_utils import Cache, DynamicLayer

_ROOM = 64
"""Columns set aside at a time, so that a step writes one column instead of copying all of them."""


class GrowingLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """Keys and values `[rows, heads, columns, size]` of one layer: views into a buffer with room to grow."""

    keys: Any
    values: Any
    _buffers: tuple[Tensor, Tensor] | None = None

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        if not self.is_initialized:
            self.replace(key_states, value_states)
            return key_states, value_states
        old, new = self.keys.shape[-2], self.keys.shape[-2] + key_states.shape[-2]
        if self._buffers is None or self._buffers[0].shape[-2] < new:
            room = (0, 0, 0, new - old + _ROOM)
            self._buffers = (pad(self.keys, room), pad(self.values, room))
        for buffer, states in zip(self._buffers, (key_states, value_states), strict=True):
            buffer[..., old:new, :] = states
        self.keys, self.values = (buffer[..., :new, :] for buffer in self._buffers)
        return self.keys, self.values

    def replace(self, keys: Tensor, values: Tensor) -> None:
        """Take other rows or columns; the room is set aside anew at the next step."""
        self.dtype, self.device, self.is_initialized = keys.dtype, keys.device, True
        self.keys, self.values, self._buffers = keys, values, None


States = list[tuple[Tensor, Tensor]]
"""Keys and values of each layer."""


def new_cache(layers: int, known: States | None = None) -> Any:
    """A cache, empty or with the columns already known. Sliding windows keep every column: their mask does that."""
    cache: Any = Cache(layers=[GrowingLayer() for _ in range(layers)])  # type: ignore[no-untyped-call]
    for layer, states in zip(cache.layers, known or [], strict=False):
        layer.replace(*states)
    return cache


def columns(cache: Any, path: Tensor) -> States:
    """Copies of the columns of a one-row cache that `path` `[tokens]` names."""
    return [tuple(states.index_select(2, path) for states in (one.keys, one.values)) for one in cache.layers]


@dataclass(slots=True)
class Batch:
    """Rows between two forward passes: `mask` is `[rows, columns]`, 1 where a column is a real token."""

    adapters: list[str]
    cache: Any
    mask: Tensor

    def keep(self, rows: list[int]) -> None:
        """Put these rows in this order, drop every other one and the columns that only those needed."""
        index = torch.tensor(rows, device=self.mask.device)
        self.adapters = [self.adapters[row] for row in rows]
        mask = self.mask.index_select(0, index)
        first = int(mask.any(0).int().argmax())
        self.mask = mask[:, first:]
        for layer in self.cache.layers:
            states = (layer.keys, layer.values)
            layer.replace(*(part[..., first:, :].index_select(0, index) for part in states))

    def join(self, other: Batch) -> None:
        """Append the rows of `other`, which is used up."""
        width = max(self.mask.shape[1], other.mask.shape[1])
        self.adapters = self.adapters + other.adapters
        self.mask = torch.cat([_widen_mask(self.mask, width), _widen_mask(other.mask, width)])
        for mine, theirs in zip(self.cache.layers, other.cache.layers, strict=True):
            pairs = ((mine.keys, theirs.keys), (mine.values, theirs.values))
            mine.replace(*(torch.cat([_widen(a, width), _widen(b, width)]) for a, b in pairs))


def unpack(cache: Any, paths: list[list[int]], adapters: list[str]) -> Batch:
    """The rows whose columns lie in the one row of `cache`, left-padded to the longest path."""
    width = max(map(len, paths))
    device = cache.layers[0].keys.device
    index = torch.tensor([[0] * (width - len(path)) + path for path in paths], device=device)
    mask = torch.tensor([[0] * (width - len(path)) + [1] * len(path) for path in paths], device=device)
    for layer in cache.layers:
        layer.replace(*(states[0][:, index].transpose(0, 1) for states in (layer.keys, layer.values)))
    return Batch(adapters, cache, mask)


def _widen(states: Tensor, width: int) -> Tensor:
    return pad(states, (0, 0, width - states.shape[-2], 0))


def _widen_mask(mask: Tensor, width: int) -> Tensor:
    return pad(mask, (width - mask.shape[1], 0))
