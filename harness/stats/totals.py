"""Ratios of totals: what is spent over what came of it, for one model, or for two and one over the other.

Amounts are skewed to the right, and the t interval's upper bound is then too low. So bounds come from the bootstrap-t
(Efron 1979; Hall 1988, Ann Stat 16:927) on the logarithm of the ratio: each resample is held against its own standard
error. Of many samples it is normal enough. The unit that is drawn is the sample, with all of its requests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from harness.stats import draws
from harness.stats.bootstrap import p_of
from harness.stats.series import Pair, Series, Settings

Floats = NDArray[np.float64]

MOST_DRAWN = 2_000  # of more samples the logarithm is normal enough


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio by its logarithm, the standard error of that, and its bootstrap (shape of each: resamples).

    `shifts` is the logarithm of a resample less that of the data, `errors` its standard error there.
    """

    log: float
    error: float
    shifts: Floats
    errors: Floats
    method: str

    @property
    def value(self) -> float:
        """The ratio itself."""
        return math.exp(self.log)

    def bounds(self, alpha: float) -> tuple[float | None, float | None]:
        """Bounds, each one-sided at 1 - alpha; None where too many resamples have no ratio."""
        place = int(alpha * len(self.shifts))
        low, high = self._at(np.sort(self._t(math.inf))[-1 - place]), self._at(np.sort(self._t(-math.inf))[place])
        return (min(low, self.value) if low > 0 else None), (max(high, self.value) if math.isfinite(high) else None)

    def noise(self, alpha: float) -> float | None:
        """Monte-Carlo standard error of either bound; None where nothing varies."""
        if self.error == 0:
            return None
        n = len(self.shifts)
        half = math.sqrt(alpha * (1 - alpha) / n)
        spread = []
        for undefined, level in ((math.inf, 1 - alpha), (-math.inf, alpha)):
            ordered = np.sort(self._t(undefined))
            places = [min(n - 1, max(0, int((level + side * half) * n))) for side in (-1, 1)]
            spread.append(abs(self._at(ordered[places[0]]) - self._at(ordered[places[1]])) / 2)
        return max((one for one in spread if math.isfinite(one)), default=None)

    def p_above(self, bound: float) -> float:
        """One-sided p of "the ratio is above `bound`" (> 0)."""
        return p_of(self._t(math.inf) >= self._from(bound))

    def p_below(self, bound: float) -> float:
        """One-sided p of "the ratio is below `bound`" (> 0)."""
        return p_of(self._t(-math.inf) <= self._from(bound))

    def over(self, other: Ratio) -> Ratio:
        """This ratio over one of other samples."""
        return Ratio(
            self.log - other.log,
            math.hypot(self.error, other.error),
            self.shifts - other.shifts,
            np.hypot(self.errors, other.errors),
            "bootstrap-t of a ratio of independent means",
        )

    def _t(self, undefined: float) -> Floats:
        """Each resample in its own standard errors; `undefined` where it has none."""
        if self.error == 0:
            return np.zeros_like(self.shifts)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = self.shifts / self.errors
        return np.where(np.isfinite(found), found, undefined)

    def _at(self, t: float) -> float:
        power = self.log - t * self.error
        return math.exp(power) if power < 700 else math.inf

    def _from(self, bound: float) -> float:
        far = self.log - math.log(bound)
        return far / self.error if self.error else math.copysign(math.inf, far) if far else 0.0


def per_answered(series: Series, settings: Settings) -> Ratio | str:
    """Total amount over answered requests, or why there is none."""
    _, rows = _rows(series)
    return _ratio(rows, (1.0, -1.0), "bootstrap-t of a mean", settings.resamples, settings.seed)


def share(pair: Pair, settings: Settings) -> Ratio | str:
    """The candidate's amount for an answered request over the baseline's, or why there is none.

    Paired where both sides have the same samples, else as independent.
    """
    (ours, first), (theirs, second) = _rows(pair.candidate), _rows(pair.baseline)
    resamples, seed = settings.resamples, settings.seed
    if np.array_equal(ours, theirs):
        rows = np.hstack([first, second])
        return _ratio(rows, (1.0, -1.0, -1.0, 1.0), "paired bootstrap-t of a ratio of means", resamples, seed)
    sides = [_ratio(rows, (1.0, -1.0), "", resamples, seed + i) for i, rows in enumerate((first, second))]
    one, other = sides
    if isinstance(one, str) or isinstance(other, str):
        return one if isinstance(one, str) else str(other)
    return one.over(other)


def _rows(series: Series) -> tuple[NDArray[np.int64], Floats]:
    """The samples' numbers, and for each its amount and its answered requests (samples, 2)."""
    answered = np.ones(series.n) if series.answered is None else series.answered
    groups = np.arange(series.n) if series.groups is None else series.groups
    found, unit = np.unique(groups, return_inverse=True)
    sums = [np.bincount(unit, weights=column, minlength=len(found)) for column in (series.values, answered)]
    return found, np.stack(sums, axis=1)


def _ratio(rows: Floats, signs: tuple[float, ...], method: str, resamples: int, seed: int) -> Ratio | str:
    """The product of the totals of `rows` (units, k), each to the power of its sign; signs add up to 0."""
    units, totals, powers = len(rows), rows.sum(axis=0), np.array(signs)
    if units < 2:
        return "all requests are of one sample"
    if not (totals > 0).all():
        return "nothing was spent or nothing was answered, so there is no cost to judge"
    parts = rows / totals
    error = math.sqrt(float(((parts @ powers) ** 2).sum()) * units / (units - 1))
    if error < 1e-9:  # all alike: rounding is no spread
        error = 0.0
    log = float(np.log(totals) @ powers)
    if units > MOST_DRAWN:
        normal = error * np.random.default_rng(seed).standard_normal(resamples)
        return Ratio(log, error, normal, np.full(resamples, error), method.replace("bootstrap-t", "normal bounds"))
    return Ratio(log, error, *_redrawn(parts, powers, resamples, seed), method)


def _redrawn(parts: Floats, powers: Floats, resamples: int, seed: int) -> tuple[Floats, Floats]:
    """The logarithm of each resample less that of the data, and its standard error."""
    units, sides = parts.shape
    pairs = list(combinations_with_replacement(range(sides), 2))
    products = np.stack([parts[:, i] * parts[:, j] * (1 if i == j else 2) for i, j in pairs], axis=1)
    drawn = draws.sums(np.hstack([parts, products]), np.ones(units, dtype=np.int64), resamples, seed)
    sums, squares = drawn[:, :sides].astype(np.float64), drawn[:, sides:].astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = powers / sums
        spread = sum(weights[:, i] * weights[:, j] * squares[:, n] for n, (i, j) in enumerate(pairs))
        return np.log(sums) @ powers, np.sqrt(np.maximum(spread, 0.0) * units / (units - 1))
