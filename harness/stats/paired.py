"""Two models on the same samples, right or wrong on each: Tango's score bounds, McNemar, Newcombe.

A table is (both right, candidate only, baseline only, both wrong); the difference is candidate minus baseline.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.stats import special
from harness.stats.intervals import wilson


class Table(NamedTuple):
    """Counts of pairs."""

    both: int
    candidate: int
    baseline: int
    neither: int

    @property
    def n(self) -> int:
        """All pairs."""
        return self.both + self.candidate + self.baseline + self.neither

    @property
    def difference(self) -> float:
        """Candidate's share right minus baseline's."""
        return (self.candidate - self.baseline) / self.n

    @property
    def swapped(self) -> Table:
        """The same pairs with the models changed over."""
        return Table(self.both, self.baseline, self.candidate, self.neither)


def table_of(candidate: NDArray[np.bool_], baseline: NDArray[np.bool_]) -> Table:
    """Count two arrays of right (True) and wrong."""
    return Table(
        int(np.sum(candidate & baseline)),
        int(np.sum(candidate & ~baseline)),
        int(np.sum(~candidate & baseline)),
        int(np.sum(~candidate & ~baseline)),
    )


def tango_z(table: Table, difference: float) -> float:
    """Tango's score statistic for "the true difference is `difference`" (Tango 1998, Stat Med 17:891).

    Positive: the data lie above it. At 0 it is McNemar's. Infinite where the data exclude the value outright.
    """
    n, b, c = table.n, table.candidate, table.baseline
    linear = -b - c + (2 * n - b + c) * difference
    constant = -c * difference * (1 - difference)
    q = (math.sqrt(max(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
    variance = n * (2 * q + difference * (1 - difference))
    distance = b - c - n * difference
    if variance <= 1e-12 * n:
        return 0.0 if abs(distance) < 1e-9 * n else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def tango(table: Table, alpha: float) -> tuple[float, float]:
    """One-sided score bounds of the difference, each at 1 - alpha."""
    return _tango_low(table, alpha), -_tango_low(table.swapped, alpha)


def _tango_low(table: Table, alpha: float) -> float:
    """Bisection on Z(D) = z: Z falls in D, and is at most 0 at the observed difference."""
    wanted = float(special.ndtri(1 - alpha))
    low, high = -1.0, table.difference
    if tango_z(table, -1.0) <= wanted:
        return -1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if tango_z(table, middle) > wanted else (low, middle)
    return low


def p_above(table: Table, bound: float) -> float:
    """One-sided p of "the difference is above `bound`" by Tango's statistic."""
    return float(special.ndtr(-tango_z(table, bound)))


def p_below(table: Table, bound: float) -> float:
    """One-sided p of "the difference is below `bound`" by Tango's statistic."""
    return float(special.ndtr(tango_z(table, bound)))


def mcnemar_exact(table: Table) -> float:
    """Two-sided exact p of "the models differ"."""
    few, discordant = min(table.candidate, table.baseline), table.candidate + table.baseline
    return min(1.0, 2 * float(special.bdtr(few, discordant, 0.5))) if discordant else 1.0


def mcnemar(table: Table, *, corrected: bool = False) -> tuple[float, float]:
    """McNemar's asymptotic chi-squared (df 1) and its two-sided p, with Edwards' continuity correction on request.

    0 and 1 where no pair is discordant.
    """
    apart, discordant = abs(table.candidate - table.baseline), table.candidate + table.baseline
    if not discordant:
        return 0.0, 1.0
    statistic = max(0, apart - 1 if corrected else apart) ** 2 / discordant
    return statistic, float(special.chdtrc(1, statistic))


def mcnemar_mid_p(table: Table) -> float:
    """Two-sided mid-p: exact p less the probability of the table itself (Fagerland et al. 2013)."""
    few, discordant = min(table.candidate, table.baseline), table.candidate + table.baseline
    if not discordant:
        return 1.0
    point = float(math.comb(discordant, few) / 2**discordant)
    if table.candidate == table.baseline:
        return 1 - point / 2
    return mcnemar_exact(table) - point


def newcombe(table: Table, alpha: float, *, corrected: bool = True) -> tuple[float, float]:
    """Square-and-add of Wilson limits with correlation (Newcombe 1998, Stat Med 17:2635).

    Method 10; without the continuity correction of the correlation it is method 8.
    """
    a, b, c, _ = table
    n = table.n
    p1, p2 = (a + b) / n, (a + c) / n
    (l1, u1), (l2, u2) = wilson(a + b, n, alpha), wilson(a + c, n, alpha)
    phi = _phi(table, n / 2 if corrected else 0.0)
    down = (p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2
    up = (p2 - l2) ** 2 - 2 * phi * (p2 - l2) * (u1 - p1) + (u1 - p1) ** 2
    return table.difference - math.sqrt(max(0.0, down)), table.difference + math.sqrt(max(0.0, up))


def _phi(table: Table, correction: float) -> float:
    """Correlation of the two models' results; 0 where one of them is always right, or never."""
    a, b, c, d = table
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if margins == 0:
        return 0.0
    cross = float(a * d - b * c)
    if cross > 0:
        cross = max(cross - correction, 0.0)
    return cross / math.sqrt(margins)
