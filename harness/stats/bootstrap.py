"""Percentile bootstrap of statistics that are no means, the independent unit resampled as a whole.

F1 needs only joint counts, so samples with the same target, candidate's and baseline's answer are one kind of unit and
are drawn together: the pairing stays.
A bootstrap knows only what was seen, and 200 right answers would prove 100 %. So each bound counts one sample more, of
the rarest class: for the lower bound it went wrong, for the upper one right (a whole group of them where samples are
grouped). Both bounds come from one drawing, in which that sample is the last unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.stats import draws

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


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
        return p_of(self.upper >= bound)

    def p_above(self, bound: float) -> float:
        """One-sided p of "the statistic is above `bound`", no smaller than chance in the drawing could make it."""
        return p_of(self.lower <= bound)


def p_of(against: NDArray[np.bool_]) -> float:
    """The share of draws against a claim, raised by two Monte-Carlo standard errors."""
    p = float((1 + np.sum(against)) / (len(against) + 1))
    return min(1.0, p + 2 * float(np.sqrt(p * (1 - p) / len(against))))


def macro_f1(targets: Ints, answers: Ints, classes: int, groups: Ints | None, resamples: int, seed: int) -> Resampled:
    """Macro-F1 of one model over the classes 0..classes-1.

    An answer of -1 is none of them, and so is a target of -1: with one class this is the F1 of that class alone.
    """
    rarest, other = _two_rarest(targets, classes)
    sides, more = [answers], [(rarest, other), (rarest, rarest)]
    (value,), lower, upper = _draws(targets, sides, more, classes, groups, resamples, seed)
    return Resampled(float(value), lower[:, 0], upper[:, 0])


def macro_f1_difference(
    targets: Ints, candidate: Ints, baseline: Ints, classes: int, groups: Ints | None, resamples: int, seed: int
) -> tuple[Resampled, float, float]:
    """Candidate's macro-F1 minus the baseline's, and each of the two; classes as for macro_f1."""
    rarest, other = _two_rarest(targets, classes)
    sides, more = [candidate, baseline], [(rarest, other, rarest), (rarest, rarest, other)]
    (ours, theirs), lower, upper = _draws(targets, sides, more, classes, groups, resamples, seed)
    drawn = Resampled(float(ours - theirs), lower[:, 0] - lower[:, 1], upper[:, 0] - upper[:, 1])
    return drawn, float(ours), float(theirs)


def _two_rarest(targets: Ints, classes: int) -> tuple[int, int]:
    """The class with the fewest targets, and the next: a mistake between these two costs the most."""
    order = np.argsort(np.bincount(targets[targets >= 0], minlength=classes), kind="stable")
    return int(order[0]), int(order[1]) if classes > 1 else -1


def _draws(
    targets: Ints,
    sides: list[Ints],
    more: Sequence[tuple[int, ...]],
    classes: int,
    groups: Ints | None,
    resamples: int,
    seed: int,
) -> tuple[Floats, Floats, Floats]:
    """Macro-F1 of each side (sides,), and in each resample (resamples, sides) with the first and the second of `more`.

    `more` are samples (target, answer of each side) that stand in the place of the unit drawn last.
    """
    columns, unit, times = _units([targets, *sides], classes, groups)
    tallies = _tallies(columns, unit, len(times), classes)
    shape, size = tallies.shape[1:], 1 if groups is None else round(len(groups) / len(times))
    flat = tallies.reshape(len(times), -1)
    last = np.zeros(flat.shape[1] + 1)
    last[-1] = 1
    rows = np.vstack([np.pad(flat, ((0, 0), (0, 1))), last])
    found = draws.sums(rows, np.append(times, 1), resamples, seed)
    bounds = []
    for sample in more:
        one = _tallies([np.array([part]) for part in sample], np.zeros(1, dtype=np.int64), 1, classes).ravel()
        with_one = found[:, :-1] + found[:, -1:] * (size * one).astype(found.dtype)
        bounds.append(_macro_f1(with_one.reshape(-1, *shape)))
    value = _macro_f1((times @ flat).reshape(1, *shape))[0]
    return value, bounds[0], bounds[1]


def _units(columns: list[Ints], classes: int, groups: Ints | None) -> tuple[list[Ints], Ints, Ints]:
    """Samples, the unit that each belongs to, and how often each unit occurs.

    Without groups, samples that are alike are one unit that occurs several times, and only one of them is kept.
    """
    if groups is not None:
        found, unit = np.unique(groups, return_inverse=True)
        return columns, unit.astype(np.int64), np.ones(len(found), dtype=np.int64)
    code = np.ravel_multi_index([column.astype(np.int64) + 1 for column in columns], [classes + 1] * len(columns))
    _, first, times = np.unique(code, return_index=True, return_counts=True)
    return [column[first] for column in columns], np.arange(len(first)), times.astype(np.int64)


def _tallies(columns: list[Ints], unit: Ints, units: int, classes: int) -> Floats:
    """For each unit, side and class, what its F1 is made of (units, sides, 2, classes).

    First the right answers of the class, then its targets and answers together.
    """
    targets, *sides = columns
    tallies = np.zeros((units, len(sides), 2, classes))
    for side, answers in enumerate(sides):
        for part, which in ((0, targets), (1, targets), (1, answers)):
            counted = (which >= 0) & ((targets == answers) | (part == 1))
            np.add.at(tallies, (unit[counted], side, part, which[counted]), 1.0)
    return tallies


def _macro_f1(tallies: NDArray[Any]) -> Floats:
    """Macro-F1 (m, sides) of tallies (m, sides, 2, classes). A class with neither target nor answer is left out."""
    right, total = tallies[:, :, 0].astype(np.float64), tallies[:, :, 1]
    present = total > 0
    f1 = np.divide(2 * right, total, out=np.zeros_like(right), where=present)
    result: Floats = f1.sum(axis=2) / np.maximum(1, present.sum(axis=2))
    return result
