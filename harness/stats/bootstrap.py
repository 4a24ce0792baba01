"""Percentile bootstrap of statistics that are no means, the independent unit resampled as a whole.

Macro-F1 needs only joint counts, so a resample is one multinomial draw over the cells that occur: the pairing of
candidate and baseline stays, and 10,000 samples cost no more than their distinct (target, candidate, baseline) cells.
A bootstrap knows only what was seen, and 200 right answers would prove 100 %. So each bound counts one sample more, of
the rarest class: for the lower bound it went wrong, for the upper one right (a whole group of them where samples are
grouped).
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
    """A statistic with its bootstrap draws for the lower and for the upper bound (shape of each: resamples)."""

    value: float
    lower: Floats
    upper: Floats

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Percentile bounds, each one-sided at 1 - alpha."""
        low, high = np.quantile(self.lower, alpha), np.quantile(self.upper, 1 - alpha)
        return min(float(low), self.value), max(float(high), self.value)

    def bound_error(self, alpha: float) -> float:
        """Monte-Carlo standard error of either bound, by the quantile's own order statistics (about +-1 s.e.)."""
        half = np.sqrt(alpha * (1 - alpha) / len(self.lower))
        spread = [
            np.quantile(draws, [max(0.0, q - half), min(1.0, q + half)])
            for draws, q in ((self.lower, alpha), (self.upper, 1 - alpha))
        ]
        return float(max((high - low) / 2 for low, high in spread))

    def p_below(self, bound: float) -> float:
        """One-sided p of "the statistic is below `bound`", no smaller than chance in the drawing could make it."""
        return _p(self.upper >= bound)

    def p_above(self, bound: float) -> float:
        """One-sided p of "the statistic is above `bound`", no smaller than chance in the drawing could make it."""
        return _p(self.lower <= bound)


def _p(against: NDArray[np.bool_]) -> float:
    """The share of draws against a claim, raised by two Monte-Carlo standard errors."""
    p = float((1 + np.sum(against)) / (len(against) + 1))
    return min(1.0, p + 2 * float(np.sqrt(p * (1 - p) / len(against))))


def macro_f1(targets: Ints, answers: Ints, classes: int, groups: Ints | None, resamples: int, seed: int) -> Resampled:
    """Macro-F1 of one model. Targets are 0..classes-1; an answer of -1 is none of the classes."""

    def value(counts: Floats, cells: list[Ints]) -> Floats:
        return _macro_f1(counts, cells[0], cells[1] - 1, classes)

    columns, sizes = [targets, answers + 1], [classes, classes + 1]
    rarest, other = _two_rarest(targets, classes)
    lower, upper = (
        np.concatenate([value(drawn, cells) for drawn in _resample(weights, unit, resamples, seed)])
        for cells, weights, unit in (
            _cells(*_with_one_more(columns, groups, (rarest, answer + 1)), sizes) for answer in (other, rarest)
        )
    )
    cells, weights, _ = _cells(columns, groups, sizes)
    return Resampled(float(value(weights.sum(axis=0, keepdims=True), cells)[0]), lower, upper)


def macro_f1_difference(
    targets: Ints, candidate: Ints, baseline: Ints, classes: int, groups: Ints | None, resamples: int, seed: int
) -> tuple[Resampled, float, float]:
    """Candidate's macro-F1 minus the baseline's, and each of the two."""

    def both(counts: Floats, cells: list[Ints]) -> tuple[Floats, Floats]:
        ours = _macro_f1(counts, cells[0], cells[1] - 1, classes)
        return ours, _macro_f1(counts, cells[0], cells[2] - 1, classes)

    columns, sizes = [targets, candidate + 1, baseline + 1], [classes, classes + 1, classes + 1]
    rarest, other = _two_rarest(targets, classes)
    draws = []
    for mine, its in ((other, rarest), (rarest, other)):
        cells, weights, unit = _cells(*_with_one_more(columns, groups, (rarest, mine + 1, its + 1)), sizes)
        pairs = [both(drawn, cells) for drawn in _resample(weights, unit, resamples, seed)]
        draws.append(np.concatenate([ours - theirs for ours, theirs in pairs]))
    cells, weights, _ = _cells(columns, groups, sizes)
    ours, theirs = both(weights.sum(axis=0, keepdims=True), cells)
    return Resampled(float(ours[0] - theirs[0]), *draws), float(ours[0]), float(theirs[0])


def _two_rarest(targets: Ints, classes: int) -> tuple[int, int]:
    """The class with the fewest targets, and the next: a mistake between these two costs the most."""
    order = np.argsort(np.bincount(targets, minlength=classes), kind="stable")
    return int(order[0]), int(order[1]) if classes > 1 else -1


def _with_one_more(columns: list[Ints], groups: Ints | None, sample: tuple[int, ...]) -> tuple[list[Ints], Ints | None]:
    """The samples and one more, or a group more, as large as the others."""
    size = 1 if groups is None else round(len(groups) / len(np.unique(groups)))
    more = [np.append(column, np.full(size, value)) for column, value in zip(columns, sample, strict=True)]
    return more, None if groups is None else np.append(groups, np.full(size, groups.max() + 1))


def _cells(columns: list[Ints], groups: Ints | None, sizes: list[int]) -> tuple[list[Ints], Floats, Ints]:
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
