"""The choice of the next token, for a batch whose rows each have their own rules.

As in TGI, log-probabilities are those of the distribution that was drawn from, penalties and warpers applied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from .jobs import Sampling

Warp = Callable[[Tensor, Tensor], Tensor]
"""(history `[1, tokens]`, logits `[1, vocabulary]`) -> logits."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen token and the `top` most likely ones, most likely first; natural log-probabilities."""

    id: int
    logprob: float
    top: tuple[tuple[int, float], ...]


class Sampler:
    """One row's rules, its own random stream, and the tokens so far (prompt included: penalties count it)."""

    def __init__(self, sampling: Sampling, prompt: Sequence[int], top_n: int = 0) -> None:
        self.history = list(prompt)
        self.top_n = top_n
        self._warps = _warps(sampling)
        self._random = None
        if sampling.seed is not None:
            # A generator on the CPU gives the same stream on every device.
            self._random = torch.Generator().manual_seed(sampling.seed & (2**63 - 1))

    def warp(self, logits: Tensor) -> Tensor:
        """Penalties, then temperature, top-k, top-p and typical-p, in TGI's order; `[1, vocabulary]`."""
        if self._warps:
            history = torch.tensor([self.history], device=logits.device)
            for warp in self._warps:
                logits = warp(history, logits)
        return logits

    def draw(self, logits: Tensor) -> int | None:
        """A token drawn from `[vocabulary]` logits; None where this row is greedy."""
        if self._random is None:
            return None
        return int(torch.multinomial(logits.softmax(-1).cpu(), 1, generator=self._random))


def choose(logits: Tensor, samplers: Sequence[Sampler]) -> list[Choice | None]:
    """Choose for every row of `[rows, vocabulary]`; None where the logits are not finite numbers."""
    warped = torch.cat([sampler.warp(row) for sampler, row in zip(samplers, torch.split(logits, 1), strict=True)])
    totals = warped.logsumexp(-1, keepdim=True)
    sound = totals.isfinite().squeeze(1).tolist()
    ids = warped.argmax(-1)
    for row, sampler in enumerate(samplers):
        drawn = sampler.draw(warped[row]) if sound[row] else None
        if drawn is not None:
            ids[row] = drawn
    logprobs = (warped.gather(1, ids.unsqueeze(1)) - totals).squeeze(1).tolist()
    chosen = zip(ids.tolist(), logprobs, samplers, strict=True)
    return [
        Choice(token, logprob, _top(warped[row] - totals[row], sampler.top_n)) if sound[row] else None
        for row, (token, logprob, sampler) in enumerate(chosen)
    ]


def _top(logprobs: Tensor, count: int) -> tuple[tuple[int, float], ...]:
    if not count:
        return ()
    values, ids = logprobs.topk(min(count, len(logprobs)))
    return tuple((i, v) for i, v in zip(ids.tolist(), values.tolist(), strict=True) if v > float("-inf"))


def _frequency(penalty: float, history: Tensor, logits: Tensor) -> Tensor:
    counts = torch.bincount(history[0], minlength=logits.shape[1]).to(logits)
    return logits - counts / history.shape[1] * penalty


def _warps(sampling: Sampling) -> list[Warp]:
    from transformers import (
        RepetitionPenaltyLogitsProcessor,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
        TypicalLogitsWarper,
    )

    warps: list[Warp] = []
    if sampling.repetition_penalty != 1.0:
        warps.append(RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty))
    if sampling.frequency_penalty != 0.0:
        warps.append(partial(_frequency, sampling.frequency_penalty))
    if sampling.temperature != 1.0:
        warps.append(TemperatureLogitsWarper(sampling.temperature))
    if sampling.top_k:
        warps.append(TopKLogitsWarper(sampling.top_k))
    if sampling.top_p < 1.0:
        warps.append(TopPLogitsWarper(sampling.top_p))
    if sampling.typical_p < 1.0:
        warps.append(TypicalLogitsWarper(sampling.typical_p))
    return warps
