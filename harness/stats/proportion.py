"""One proportion, by bounds that no gate uses: for display, and for those who ask for them by name.

Every bound is one-sided at confidence 1 - alpha, as in stats.intervals.
"""

from __future__ import annotations

import math

from harness.stats import special
from harness.stats.intervals import check_counts


def wilson_corrected(successes: int, n: int, alpha: float) -> tuple[float, float]:
    """Wilson score bounds with continuity correction (Newcombe 1998, Stat Med 17:857)."""
    check_counts(successes, n)
    z = float(special.ndtri(1 - alpha))
    return _corrected_low(successes, n, z), 1 - _corrected_low(n - successes, n, z)


def _corrected_low(successes: int, n: int, z: float) -> float:
    if successes == 0:
        return 0.0
    p, z2 = successes / n, z * z
    root = z2 - 2 - 1 / n + 4 * p * (n * (1 - p) + 1)
    return max(0.0, (2 * n * p + z2 - 1 - z * math.sqrt(max(0.0, root))) / (2 * (n + z2)))


def mid_p(successes: int, n: int, alpha: float) -> tuple[float, float]:
    """Bounds at which the exact tail with half of the observed count's probability is alpha (Lancaster 1961)."""
    check_counts(successes, n)
    return _mid_p_low(successes, n, alpha), 1 - _mid_p_low(n - successes, n, alpha)


def _mid_p_low(successes: int, n: int, alpha: float) -> float:
    """Bisection: the tail grows with the rate, and at the observed one it is above alpha."""
    low, high = 0.0, successes / n
    if successes == 0:
        return low
    for _ in range(60):
        middle = (low + high) / 2
        tail = float(special.bdtrc(successes, n, middle) + special.bdtrc(successes - 1, n, middle)) / 2
        low, high = (middle, high) if tail < alpha else (low, middle)
    return low


def jeffreys(successes: int, n: int, alpha: float) -> tuple[float, float]:
    """Quantiles of Beta(successes + 1/2, failures + 1/2); 0 and 1 where nothing, or everything, was a success."""
    check_counts(successes, n)
    a, b = successes + 0.5, n - successes + 0.5
    low = float(special.betaincinv(a, b, alpha)) if successes else 0.0
    return low, float(special.betaincinv(a, b, 1 - alpha)) if successes < n else 1.0


def no_event(n: int, alpha: float) -> float:
    """Exact upper bound of a rate of which `n` samples showed not one case: near 3/n at alpha 0.05."""
    check_counts(0, n)
    return -math.expm1(math.log(alpha) / n)
