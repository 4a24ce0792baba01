"""Models whose true score is known, made of stored scores: what a rule's error rates are simulated with.

The stored samples are the population: samples (groups as a whole) are drawn from it with replacement, as one side of a
pair. For the other side some right answers are turned wrong and some wrong ones right, at rates that make its true
score what it is to be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.stats.series import Floats, Ints, Pair, Series

Mask = NDArray[np.bool_]

# Half of the turned answers are turned together with their group: groups that do not move as one would be no groups.
TOGETHER = 0.5


@dataclass(frozen=True, slots=True)
class Planted:
    """A population and its rates: `falls` is the chance that an answer turns worst, `rises` that it turns best."""

    series: Series
    falls: float
    rises: float

    def draw(self, rng: np.random.Generator, units: int | None = None) -> Pair:
        """`units` samples or groups (as many as are stored, where it is None), turned beside unturned."""
        drawn = resampled(self.series, rng, units)
        chance = rng.random(drawn.n)
        if drawn.groups is not None:
            shared = rng.random(int(drawn.groups.max()) + 1)[drawn.groups]
            chance = np.where(rng.random(drawn.n) < TOGETHER, shared, chance)
        return Pair(_turned(drawn, chance < self.falls, chance >= 1 - self.rises, rng), drawn)


def planted(series: Series, loss: float, change: float = 0.0) -> Planted | None:
    """A rate, mean or F1 that lies truly `loss` below that of `series` (above it, where negative).

    `change` is how much scores differ from sample to sample (mean absolute difference): losses and gains add up to it
    as far as they can. None where there is no such score.
    """
    centre = float(series.values.mean())
    gains = max(-loss, 0.0, min((change - loss) / 2, (centre - max(loss, 0.0)) * (1 - centre)))
    rises = _share(gains, 1 - centre)
    if series.aggregate in ("macro_f1", "f1"):
        # Where a class is hardly ever answered, what is mended outweighs all that can be lost: then less is mended.
        tried = (_with_f1(series, loss, rises * part) for part in (1.0, 0.5, 0.25, 0.0))
        return next((found for found in tried if found is not None), None)
    falls = _share(max(0.0, loss + gains), centre)
    found = Planted(series, falls, rises)
    return found if falls + rises <= 1 + 1e-9 else None


def scaled(series: Series, truth: float) -> Planted | None:
    """A quantile that is truly `truth`; None where the stored one is 0 or infinite."""
    stored = float(np.quantile(series.values, series.q, method="inverted_cdf"))
    if not 0 < stored < np.inf:
        return None
    return Planted(replace(series, values=series.values * (truth / stored)), 0.0, 0.0)


def resampled(series: Series, rng: np.random.Generator, units: int | None = None) -> Series:
    """Units drawn with replacement; a group that is drawn twice is two groups."""
    if series.groups is None:
        return taken(series, rng.integers(0, series.n, series.n if units is None else units))
    _, unit = np.unique(series.groups, return_inverse=True)
    order, sizes = np.argsort(unit, kind="stable"), np.bincount(unit)
    drawn = rng.integers(0, len(sizes), len(sizes) if units is None else units)
    starts = np.repeat((np.cumsum(sizes) - sizes)[drawn], sizes[drawn])
    within = np.arange(len(starts)) - np.repeat(np.cumsum(sizes[drawn]) - sizes[drawn], sizes[drawn])
    found = taken(series, order[starts + within])
    return replace(found, groups=np.repeat(np.arange(len(drawn)), sizes[drawn]))


def taken(series: Series, places: Ints | slice) -> Series:
    """The places of a series, in this order; one may come several times."""
    return replace(
        series,
        values=series.values[places],
        groups=None if series.groups is None else series.groups[places],
        targets=None if series.targets is None else series.targets[places],
        answers=None if series.answers is None else series.answers[places],
        counts=None if series.counts is None else series.counts[places],
        lost=0,
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0 if part <= 0 else np.inf


def _turned(series: Series, worse: Mask, better: Mask, rng: np.random.Generator) -> Series:
    if series.answers is None or series.targets is None:
        return replace(series, values=np.where(worse, 0.0, np.where(better, 1.0, series.values)))
    right = series.answers == series.targets
    if series.classes > 1:
        other = (series.targets + rng.integers(1, series.classes, series.n)) % series.classes
    else:
        other = np.full(series.n, -1)
    answers = np.where(right & worse, other, np.where(~right & better, series.targets, series.answers))
    return replace(series, answers=answers, values=(answers == series.targets).astype(np.float64))


def _with_f1(series: Series, loss: float, rises: float) -> Planted | None:
    """Bisection on the chance to turn wrong, or right where the F1 is to be higher."""
    wanted = expected_f1(series, 0.0, 0.0) - loss
    rises = min(1.0, rises) if loss >= 0 else 0.0
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        found = expected_f1(series, middle, rises) if loss >= 0 else -expected_f1(series, 0.0, middle)
        low, high = (middle, high) if found > (wanted if loss >= 0 else -wanted) else (low, middle)
    planted = Planted(series, high, rises) if loss >= 0 else Planted(series, 0.0, high)
    reached = expected_f1(series, planted.falls, planted.rises)
    return planted if abs(reached - wanted) < 1e-6 and planted.falls + planted.rises <= 1 + 1e-9 else None


def expected_f1(series: Series, falls: float, rises: float) -> float:
    """The population's F1 (macro, or of the one class) where answers are turned at these rates."""
    assert series.targets is not None
    assert series.answers is not None
    classes, right = series.classes, series.targets == series.answers
    targets = np.bincount(series.targets, minlength=classes)
    kept = np.bincount(series.targets[right], minlength=classes)
    wrong = np.bincount(series.answers[~right & (series.answers >= 0)], minlength=classes)
    hits = (1 - falls) * kept + rises * (targets - kept)
    turned = falls * (kept.sum() - kept) / (classes - 1) if classes > 1 else 0.0
    total: Floats = targets + hits + turned + (1 - rises) * wrong
    f1 = np.divide(2 * hits, total, out=np.zeros_like(total), where=total > 0)
    return float(f1[series.label]) if series.aggregate == "f1" else float(f1[total > 0].mean())
