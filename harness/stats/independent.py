"""Two proportions of different samples: score bounds by Miettinen & Nurminen and by Mee, and Newcombe's.

Each is given as successes and n; the difference is the first rate minus the second.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from harness.stats import special
from harness.stats.intervals import check_counts, wilson


class Two(NamedTuple):
    """Two counts of successes. Raises ValueError by the functions below where a count is no part of its n."""

    first: int
    n_first: int
    second: int
    n_second: int

    @property
    def difference(self) -> float:
        """The first rate minus the second."""
        return self.first / self.n_first - self.second / self.n_second

    @property
    def swapped(self) -> Two:
        """The same with the sides changed over."""
        return Two(self.second, self.n_second, self.first, self.n_first)


def score_z(two: Two, difference: float, *, corrected: bool = True) -> float:
    """Score statistic for "the true difference is `difference`"; positive: the data lie above it.

    `corrected`: with the factor n/(n - 1) on the variance (Miettinen & Nurminen 1985), else without (Mee 1984).
    Infinite where the data exclude the value outright.
    """
    _check(two)
    second = _second_rate(two, difference)
    first = min(1.0, max(0.0, second + difference))
    variance = first * (1 - first) / two.n_first + second * (1 - second) / two.n_second
    n = two.n_first + two.n_second
    variance *= n / (n - 1) if corrected else 1.0
    distance = two.difference - difference
    if variance <= 1e-15:
        return 0.0 if abs(distance) < 1e-9 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def miettinen_nurminen(two: Two, alpha: float) -> tuple[float, float]:
    """One-sided score bounds of the difference, each at 1 - alpha (Miettinen & Nurminen 1985, Stat Med 4:213)."""
    return _low(two, alpha, corrected=True), -_low(two.swapped, alpha, corrected=True)


def mee(two: Two, alpha: float) -> tuple[float, float]:
    """The same without the factor n/(n - 1) (Mee 1984, Biometrics 40:1175)."""
    return _low(two, alpha, corrected=False), -_low(two.swapped, alpha, corrected=False)


def p_above(two: Two, bound: float) -> float:
    """One-sided p of "the difference is above `bound`" by Miettinen & Nurminen's statistic."""
    return float(special.ndtr(-score_z(two, bound)))


def p_below(two: Two, bound: float) -> float:
    """One-sided p of "the difference is below `bound`" by Miettinen & Nurminen's statistic."""
    return float(special.ndtr(score_z(two, bound)))


def newcombe(two: Two, alpha: float) -> tuple[float, float]:
    """Newcombe's method 10 (1998, Stat Med 17:873): square-and-add of Wilson bounds."""
    _check(two)
    p1, p2 = two.first / two.n_first, two.second / two.n_second
    (l1, u1), (l2, u2) = wilson(two.first, two.n_first, alpha), wilson(two.second, two.n_second, alpha)
    return two.difference - math.hypot(p1 - l1, u2 - p2), two.difference + math.hypot(u1 - p1, p2 - l2)


def _low(two: Two, alpha: float, *, corrected: bool) -> float:
    """Bisection on Z(D) = z: Z falls in D, and is 0 at the observed difference."""
    wanted = float(special.ndtri(1 - alpha))
    low, high = -1.0, two.difference
    if score_z(two, low, corrected=corrected) <= wanted:
        return low
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if score_z(two, middle, corrected=corrected) > wanted else (low, middle)
    return low


def _second_rate(two: Two, difference: float) -> float:
    """Most likely second rate where the first is larger by `difference`: a root of the likelihood's cubic."""
    x1, n1, x2, n2 = two
    n, x, d = n1 + n2, x1 + x2, difference
    a, b = float(n), (n1 + 2 * n2) * d - n - x
    c, e = (n2 * d - n - 2 * x2) * d + x, x2 * d * (1 - d)
    shift = b / (3 * a)
    cubed, half = shift**3 - b * c / (6 * a * a) + e / (2 * a), shift * shift - c / (3 * a)
    size = math.copysign(math.sqrt(max(0.0, half)), cubed)
    ratio = cubed / size**3 if size else 0.0
    angle = (math.pi + math.acos(min(1.0, max(-1.0, ratio)))) / 3
    return min(1.0, 1 - d, max(0.0, -d, 2 * size * math.cos(angle) - shift))


def _check(two: Two) -> None:
    check_counts(two.first, two.n_first)
    check_counts(two.second, two.n_second)
