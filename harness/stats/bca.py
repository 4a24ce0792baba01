"""Bias-corrected and accelerated bootstrap of a mean (Efron 1987): the check on t bounds where scores are skewed."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.core.estimates import Estimate
from harness.stats import draws, special

Floats = NDArray[np.float64]


class Bounds(NamedTuple):
    """One-sided bounds, and the larger of their Monte-Carlo standard errors."""

    low: float
    high: float
    error: float


def widened(found: Estimate, values: Floats, alpha: float, resamples: int, seed: int) -> tuple[Estimate, float | None]:
    """`found`, or the same with BCa's bound on each side where that is the wider one, and its noise then."""
    other = bca_of_mean(values, alpha, resamples, seed)
    if other is None or found.low is None or found.high is None:
        return found, None
    low, high = min(found.low, other.low), max(found.high, other.high)
    if (low, high) == (found.low, found.high):
        return found, None
    method = f"{found.method}, wider by BCa bootstrap with {resamples} resamples"
    return replace(found, low=low, high=high, method=method), other.error


def bca_of_mean(values: Floats, alpha: float, resamples: int, seed: int) -> Bounds | None:
    """Bounds of the mean of finite `values`, each at 1 - alpha; None where they are undefined, as for equal values."""
    n, off = len(values), values - values.mean() if len(values) else values
    squares = float((off**2).sum())
    if n < 2 or squares <= 1e-18 * n:
        return None
    # Around the mean: sums of small numbers lose less.
    kinds, times = np.unique(off, return_counts=True)
    drawn = np.sort(draws.sums(kinds[:, None], times.astype(np.int64), resamples, seed)[:, 0].astype(np.float64) / n)
    near = 1e-12 * float(np.abs(off).max())
    below = (np.searchsorted(drawn, -near) + np.searchsorted(drawn, near)) / 2 / resamples
    bias, skew = float(special.ndtri(below)), float((off**3).sum()) / (6 * squares**1.5)
    z = float(special.ndtri(1 - alpha))
    if not np.isfinite(bias) or abs(skew) * (abs(bias) + z) >= 1:
        return None
    low, high = _level(bias, skew, -z), _level(bias, skew, z)
    centre, error = float(values.mean()), max(_error(drawn, low), _error(drawn, high))
    return Bounds(centre + float(np.quantile(drawn, low)), centre + float(np.quantile(drawn, high)), error)


def _level(bias: float, skew: float, z: float) -> float:
    """The level at which the draws are read instead of that of `z`."""
    return float(special.ndtr(bias + (bias + z) / (1 - skew * (bias + z))))


def _error(drawn: Floats, level: float) -> float:
    half = np.sqrt(level * (1 - level) / len(drawn))
    low, high = np.quantile(drawn, [max(0.0, level - half), min(1.0, level + half)])
    return float(high - low) / 2
