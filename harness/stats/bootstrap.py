"""Percentile bootstrap of statistics that are no means, the independent unit resampled as a whole.

Macro-F1 needs only joint counts, so a resample is one multinomial draw over the cells that occur: the pairing of
candidate and baseline stays, and 10,000 samples cost no more than their distinct (target, candidate, baseline) cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_CHUNK_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class Resampled:
    """A statistic with its bootstrap draws (shape: resamples)."""

    value: float
    draws: Floats

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Percentile bounds, each one-sided at 1 - alpha."""
        low, high = np.quantile(self.draws, [alpha, 1 - alpha])
        return float(low), float(high)

    def bound_error(self, alpha: float) -> float:
        """Monte-Carlo standard error of either bound, by the quantile's own order statistics (about +-1 s.e.)."""
        half = np.sqrt(alpha * (1 - alpha) / len(self.draws))
        spread = [np.quantile(self.draws, [max(0.0, q - half), min(1.0, q + half)]) for q in (alpha, 1 - alpha)]
        return float(max((high - low) / 2 for low, high in spread))

    def p_below(self, bound: float) -> float:
        """One-sided p of "the statistic is below `bound`"."""
        return float((1 + np.sum(self.draws >= bound)) / (len(self.draws) + 1))


def macro_f1(targets: Ints, answers: Ints, classes: int, groups: Ints | None, resamples: int, seed: int) -> Resampled:
    """Macro-F1 of one model. Targets are 0..classes-1; an answer of -1 is none of the classes."""
    cells, weights, sizes = _cells([targets, answers + 1], [classes, classes + 1], groups)
    value = _macro_f1(weights.sum(axis=0, keepdims=True), cells[0], cells[1] - 1, classes)[0]
    draws = [_macro_f1(drawn, cells[0], cells[1] - 1, classes) for drawn in _resample(weights, sizes, resamples, seed)]
    return Resampled(float(value), np.concatenate(draws))


def macro_f1_difference(
    targets: Ints, candidate: Ints, baseline: Ints, classes: int, groups: Ints | None, resamples: int, seed: int
) -> tuple[Resampled, float, float]:
    """Candidate's macro-F1 minus the baseline's, and each of the two."""
    cells, weights, sizes = _cells([targets, candidate + 1, baseline + 1], [classes, classes + 1, classes + 1], groups)

    def both(counts: Floats) -> tuple[Floats, Floats]:
        ours = _macro_f1(counts, cells[0], cells[1] - 1, classes)
        return ours, _macro_f1(counts, cells[0], cells[2] - 1, classes)

    ours, theirs = both(weights.sum(axis=0, keepdims=True))
    pairs = [both(drawn) for drawn in _resample(weights, sizes, resamples, seed)]
    draws = np.concatenate([mine - other for mine, other in pairs])
    return Resampled(float(ours[0] - theirs[0]), draws), float(ours[0]), float(theirs[0])


def _cells(columns: list[Ints], sizes: list[int], groups: Ints | None) -> tuple[list[Ints], Floats, Ints]:
    """The distinct cells that occur, and the count of each in every unit that is resampled (units x cells).

    Without groups all samples of a cell are alike, so one row of counts stands for all units.
    """
    code = np.ravel_multi_index([column.astype(np.int64) for column in columns], sizes)
    found, inverse = np.unique(code, return_inverse=True)
    cells = [part.astype(np.int64) for part in np.unravel_index(found, sizes)]
    if groups is None:
        return cells, np.bincount(inverse).astype(np.float64)[None, :], np.array([], dtype=np.int64)
    _, unit = np.unique(groups, return_inverse=True)
    counts = np.zeros((int(unit.max()) + 1, len(found)))
    np.add.at(counts, (unit, inverse), 1.0)
    return cells, counts, unit.astype(np.int64)


def _resample(weights: Floats, unit: Ints, resamples: int, seed: int) -> list[Floats]:
    """Counts of cells in each resample (resamples x cells), in chunks that fit the memory."""
    rng = np.random.default_rng(seed)
    step = max(1, _CHUNK_CELLS // max(weights.shape))
    sizes = [min(step, resamples - start) for start in range(0, resamples, step)]
    if len(unit) == 0:
        n, share = int(weights.sum()), weights[0] / weights.sum()
        return [rng.multinomial(n, share, size=size).astype(np.float64) for size in sizes]
    units = len(weights)
    even = np.full(units, 1 / units)
    return [rng.multinomial(units, even, size=size) @ weights for size in sizes]


def _macro_f1(counts: Floats, targets: Ints, answers: Ints, classes: int) -> Floats:
    """Macro-F1 of each row of cell counts. A class with neither target nor answer in a row is left out there."""
    labels = np.arange(classes)
    is_target = (targets[:, None] == labels).astype(np.float64)
    is_answer = (answers[:, None] == labels).astype(np.float64)
    right = counts @ (is_target * is_answer)
    total = counts @ (is_target + is_answer)
    present = total > 0
    f1 = np.divide(2 * right, total, out=np.zeros_like(total), where=present)
    result: Floats = f1.sum(axis=1) / np.maximum(1, present.sum(axis=1))
    return result
