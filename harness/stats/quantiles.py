"""Quantiles with distribution-free bounds (order statistics)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.core.estimates import Estimate, Unestimable
from harness.stats import special

Floats = NDArray[np.float64]


def quantile(values: Floats, q: float, alpha: float) -> Estimate | Unestimable:
    """The q-quantile with one-sided bounds that are order statistics; what is no number counts as the largest.

    A bound is None where no order statistic reaches the confidence (p95 needs 59 values for an upper one).
    """
    n = len(values)
    if n == 0:
        return Unestimable("no measurements")
    ordered = np.sort(np.where(np.isfinite(values), values, np.inf))
    low, high = ranks(n, q, alpha)
    value = float(ordered[min(n - 1, max(0, int(np.ceil(q * n)) - 1))])
    if not np.isfinite(value):
        return Unestimable("the quantile falls among requests that failed", n)
    upper = float(ordered[high - 1]) if high else None
    if upper is not None and not np.isfinite(upper):
        upper = None
    return Estimate(value, float(ordered[low - 1]) if low else None, upper, 1 - alpha, n, "order statistics")


def ranks(n: int, q: float, alpha: float) -> tuple[int | None, int | None]:
    """Ranks (from 1) of the lower and upper bound.

    Lower: the largest l with P(Bin(n, q) >= l) >= 1 - alpha.
    Upper: the smallest u with P(Bin(n, q) <= u - 1) >= 1 - alpha.
    """
    every = np.arange(1, n + 1)
    enough_low = every[special.bdtrc(every - 1, n, q) >= 1 - alpha]
    enough_high = every[special.bdtr(every - 1, n, q) >= 1 - alpha]
    low = int(enough_low[-1]) if len(enough_low) else None
    return low, int(enough_high[0]) if len(enough_high) else None


def p_quantile_above(values: Floats, q: float, threshold: float) -> float:
    """One-sided p of "the q-quantile is above `threshold`": P(Bin(n, q) <= values at or below the threshold)."""
    below = int(np.sum(np.isfinite(values) & (values <= threshold)))
    return float(special.bdtr(below, len(values), q))
