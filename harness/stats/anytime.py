"""Analyses whose bounds hold at all sample sizes at once, so that samples may be looked at after each one.

The confidence sequence of a mean is what the stakes of stats.eprocess have not refuted at the samples there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.stats.analysis import Analysis
from harness.stats.eprocess import BEST_AT, beta_binomial, bets, strength
from harness.stats.series import Floats, Ints, Pair, Series, Settings

# Means this near to 0 or 1 count as these: nothing may be divided by them.
_NEAR = 1e-9
_METHOD = "confidence sequence"
_NAMES = {"macro_f1": "macro-F1", "f1": "F1", "bleu": "BLEU", "quantile": "a quantile"}


def absolute(series: Series, settings: Settings) -> Analysis:
    """One model's rate, or its mean of scores in [0, 1]."""
    units = _units(series.aggregate, series.values, series.groups, 0.0)
    if isinstance(units, Unestimable):
        return _unknown(units)
    # Which bet is made hangs on what the metric is, never on which scores came: that choice would be a peek.
    plain = series.aggregate == "rate" and series.groups is None
    sides = _rate(units, settings.alpha) if plain else _mean(units)
    low, high = sides.bounds(settings.alpha)
    estimate = Estimate(sides.mean, low, high, 1 - settings.alpha, series.n, _method(series, units))
    return Analysis(estimate, sides.p_below, sides.p_above)


def difference(pair: Pair, settings: Settings) -> Analysis:
    """Candidate minus baseline on the same samples, scores in [0, 1], by y = (d + 1)/2."""
    ours, theirs = pair.candidate, pair.baseline
    units = _units(ours.aggregate, ours.values - theirs.values, ours.groups, -1.0)
    if isinstance(units, Unestimable):
        return _unknown(units)
    sides = _mean((units + 1) / 2)
    low, high = sides.bounds(settings.alpha)
    comparison = Comparison(
        float(ours.values.mean()), float(theirs.values.mean()), float(units.mean()), 2 * low - 1, 2 * high - 1,
        1 - settings.alpha, ours.n, f"paired {_method(ours, units)}",
    )  # fmt: skip
    return Analysis(comparison, lambda t: sides.p_below((t + 1) / 2), lambda t: sides.p_above((t + 1) / 2))


@dataclass(frozen=True, slots=True)
class _Sides:
    """A mean in [0, 1], and log stakes: `low(m)` against "it is at most m", `high(m)` against "at least m"."""

    mean: float
    low: Callable[[float], float]
    high: Callable[[float], float]

    def bounds(self, alpha: float) -> tuple[float, float]:
        """The least and the largest mean that is not refuted, each side at alpha."""
        return _edge(self.low, 0.0, self.mean, alpha), _edge(self.high, 1.0, self.mean, alpha)

    def p_above(self, bound: float) -> float:
        """One-sided p of "the mean is above `bound`", valid however often it is looked at."""
        return 1.0 if bound > 1 - _NEAR else math.exp(-max(0.0, self.low(max(bound, _NEAR))))

    def p_below(self, bound: float) -> float:
        """One-sided p of "the mean is below `bound`", valid however often it is looked at."""
        return 1.0 if bound < _NEAR else math.exp(-max(0.0, self.high(min(bound, 1 - _NEAR))))


def _edge(stake: Callable[[float], float], refuted: float, kept: float, alpha: float) -> float:
    """Where means begin to be kept, on the refuted side of that point."""
    while abs(kept - refuted) > _NEAR:
        middle = (refuted + kept) / 2
        refuted, kept = (middle, kept) if stake(middle) >= math.log(1 / alpha) else (refuted, middle)
    return refuted


def _rate(units: Floats, alpha: float) -> _Sides:
    right, n, weight = int(units.sum()), len(units), strength(BEST_AT, 2 * alpha)
    return _Sides(
        right / n,
        lambda rate: beta_binomial(right, n, rate, weight),
        lambda rate: beta_binomial(n - right, n, 1 - rate, weight),
    )


def _mean(units: Floats) -> _Sides:
    values, counts = np.unique(units, return_counts=True)
    times = counts.astype(np.float64)
    return _Sides(
        float(units.mean()),
        lambda mean: bets(values, times, mean),
        lambda mean: bets(1 - values, times, 1 - mean),
    )


def _units(aggregate: str, values: Floats, groups: Ints | None, worst: float) -> Floats | Unestimable:
    """The scores of the units that stand alone: samples, or the means of groups of one size."""
    n = len(values)
    if aggregate not in ("rate", "mean"):
        return Unestimable(f"{_NAMES.get(aggregate, aggregate)} has no bound that holds at any time", n)
    if n == 0:
        return Unestimable("no samples")
    if not np.isfinite(values).all():
        return Unestimable("a score is not a number", n)
    if values.min() < worst or values.max() > 1:
        return Unestimable("a score lies outside 0 to 1, so it has no bound that holds at any time", n)
    if aggregate == "rate" and not np.isin(values, (-1.0, 0.0, 1.0)).all():
        return Unestimable("a rate needs scores of 0 or 1", n)
    return values if groups is None else _means(values, groups, worst)


def _means(values: Floats, groups: Ints, worst: float) -> Floats | Unestimable:
    _, number, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if sizes.min() != sizes.max():
        return Unestimable("groups of unlike sizes have no bound that holds at any time", len(values))
    means: Floats = np.clip(np.bincount(number, weights=values) / sizes, worst, 1.0)
    return means


def _method(series: Series, units: Floats) -> str:
    return _METHOD if series.groups is None else f"{_METHOD}, {len(units)} groups"


def _unknown(reason: Unestimable) -> Analysis:
    return Analysis(reason, lambda _: None, lambda _: None)
