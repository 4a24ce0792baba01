"""Two streams of different requests, compared at any time: the evidence may be looked at as often as one likes.

Each stream has a stake (stats.eprocess) for every value that its truth may have. The streams are independent, so the
product of two stakes is a stake, too. "The difference is at least t" is true only where the one truth is p and the
other at least p + t for some p: the least product over all p is what every such case concedes. It reaches 1/alpha with
a chance of at most alpha, ever. The least is taken over cells of p from below, so a coarse grid only costs power.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from harness.core.estimates import Estimate, Unestimable
from harness.stats import special
from harness.stats.analysis import Analysis
from harness.stats.eprocess import strength
from harness.stats.series import Floats, Ints

# Bounds are tightest about here. It must not depend on what was seen: then they would not hold at any time.
BEST_AT = 300
_CELLS = 128
_SPREAD = 6.0
# So much of every stake is never bet: where one stream says nothing about p, the other one's evidence is kept.
_CASH = 0.25
_NEAR = 1e-9
_ROUNDING = 1e-12
_STEPS = 22
_LARGEST_RATIO = 1e4

Below = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Tally:
    """Values in rising order, each once, and how often it came. Infinity: larger than all that can be measured."""

    values: Floats
    counts: Ints

    @property
    def n(self) -> int:
        """How many values there are."""
        return int(self.counts.sum())

    def quantile(self, q: float) -> float:
        """The least value that a share of at least `q` of them do not exceed. Raises IndexError without values."""
        return float(self.values[int(np.searchsorted(np.cumsum(self.counts), math.ceil(q * self.n)))])


def rate_difference(ours: tuple[int, int], theirs: tuple[int, int], alpha: float) -> Analysis:
    """The first rate minus the second, each given as (successes, n), with one-sided bounds in [-1, 1]."""
    if not ours[1] or not theirs[1]:
        return _unknown("no requests")

    def below(bound: float) -> float:
        return _p_rate_below(ours, theirs, bound, alpha)

    def above(bound: float) -> float:
        return _p_rate_below(theirs, ours, -bound, alpha)

    value = ours[0] / ours[1] - theirs[0] / theirs[1]
    low, high = _edge(above, -1.0, value, alpha), _edge(below, 1.0, value, alpha)
    number = Estimate(value, low, high, 1 - alpha, ours[1] + theirs[1], "confidence sequence of two streams")
    return Analysis(number, below, above)


def quantile_ratio(ours: Tally, theirs: Tally, q: float, alpha: float) -> Analysis:
    """The first q-quantile over the second, of values >= 0, with one-sided bounds; None where one is out of reach."""
    if not ours.n or not theirs.n:
        return _unknown("no requests")
    top, bottom = ours.quantile(q), theirs.quantile(q)

    def below(bound: float) -> float:
        return _p_quantile_below(ours, theirs, q, bound, alpha)

    def above(bound: float) -> float:
        return _p_quantile_below(theirs, ours, q, 1 / bound, alpha) if bound > 0 else 1.0

    if not math.isfinite(bottom) or bottom <= 0 or top <= 0:
        return _unknown("the quantile falls among failed requests, or is 0", ours.n + theirs.n)
    value = top / bottom
    low, high = _ratio_edge(above, value, 1 / _LARGEST_RATIO, alpha), _ratio_edge(below, value, _LARGEST_RATIO, alpha)
    number = Estimate(value, low, high, 1 - alpha, ours.n + theirs.n, "confidence sequence of two streams")
    return Analysis(number, below, above)


def _unknown(reason: str, n: int = 0) -> Analysis:
    return Analysis(Unestimable(reason, n), lambda _: None, lambda _: None)


def _stake(successes: Ints | int, n: int, rate: Floats | float, alpha: float) -> Floats:
    """Log stakes against "the rate is at most `rate`" for many at once: eprocess.beta_binomial and some cash."""
    weight, limited = strength(BEST_AT, 2 * alpha), np.clip(rate, _NEAR, 1 - _NEAR)
    a, b, failures = weight * limited, weight * (1 - limited), n - successes
    chance = special.xlogy(successes, limited) + special.xlog1py(failures, -limited)
    with np.errstate(divide="ignore"):
        beyond = np.log(special.betaincc(a + successes, b + failures, limited))
    found = special.betaln(a + successes, b + failures) - special.betaln(a, b) - chance + beyond
    bet = found - np.log(special.betaincc(a, b, limited))
    kept: Floats = np.logaddexp(math.log(_CASH), math.log(1 - _CASH) + bet)
    return np.where(np.asarray(rate) >= 1, 0.0, kept)


def _p_rate_below(ours: tuple[int, int], theirs: tuple[int, int], bound: float, alpha: float) -> float:
    """p of "ours minus theirs is below `bound`": the null is that theirs is p, and ours at least p + bound."""
    low, high = max(0.0, -bound), min(1.0, 1.0 - bound)
    if low > high:
        return 0.0
    (right, n), (other, m) = ours, theirs
    grid = _grid(low, high, (other / m, right / n - bound), (_error(other, m), _error(right, n)))
    at_least = _stake(n - right, n, 1 - (grid + bound), alpha)  # rises with p
    at_most = _stake(other, m, grid, alpha)  # falls with p
    return _p(np.append(at_least[:-1] + at_most[1:], at_least[-1] + at_most[-1]))


def _p_quantile_below(ours: Tally, theirs: Tally, q: float, bound: float, alpha: float) -> float:
    """p of "our quantile is below `bound` times theirs". The null, x being theirs: a share of at least q of theirs is
    at most x, and one of at most q of ours is below bound times x."""
    if bound <= 0:
        return 1.0
    n, m, until = ours.n, theirs.n, np.cumsum(ours.counts)
    values, before = np.append(ours.values, np.inf), np.append(0, until)
    if len(ours.values) and np.isinf(ours.values[-1]):
        values, before = ours.values, before[:-1]
    pick = _picked(before, n, q)
    reached = np.append(0, np.cumsum(theirs.counts))
    with np.errstate(over="ignore"):
        theirs_to = reached[np.searchsorted(theirs.values, values / bound * (1 + _ROUNDING), side="right")]
    ours_above = _stake(before[np.append(pick[0], pick[:-1] + 1)], n, q, alpha)  # rises with x, in each cell from here
    theirs_above = _stake(m - theirs_to[pick], m, 1 - q, alpha)  # falls with x
    return _p(ours_above + theirs_above)


def _grid(low: float, high: float, centres: tuple[float, ...], errors: tuple[float, ...]) -> Floats:
    """Points from low to high, nearly all of them about the centres."""
    wide = _SPREAD * max(errors)
    inner = np.linspace(max(low, min(centres) - wide), min(high, max(centres) + wide), _CELLS)
    found: Floats = np.unique(np.concatenate(([low], np.clip(inner, low, high), [high])))
    return found


def _error(successes: int, n: int) -> float:
    rate = (successes + 1) / (n + 2)
    return math.sqrt(rate * (1 - rate) / n)


def _picked(before: Ints, n: int, q: float) -> Ints:
    """Which of the steps are looked at: all where they are few, else those about the quantile, and the ends."""
    count = len(before)
    if count <= 2 * _CELLS:
        return np.arange(count)
    wide = _SPREAD * math.sqrt(q * (1 - q) / n)
    ranks = np.linspace(max(0.0, q - wide), min(1.0, q + wide), 2 * _CELLS) * n
    near = np.clip(np.searchsorted(before, ranks), 0, count - 1)
    return np.unique(np.concatenate(([0], near, [count - 1])))


def _p(stakes: Floats) -> float:
    return math.exp(-max(0.0, float(np.min(stakes))))


def _edge(p: Below, refuted: float, kept: float, alpha: float) -> float:
    """Where bounds begin to be kept, on the refuted side of that point."""
    if p(refuted) > alpha:
        return refuted
    for _ in range(_STEPS):
        middle = (refuted + kept) / 2
        refuted, kept = (middle, kept) if p(middle) <= alpha else (refuted, middle)
    return refuted


def _ratio_edge(p: Below, value: float, far: float, alpha: float) -> float | None:
    """The same on a logarithmic scale; None where not even `far` times the value is refuted."""
    if not math.isfinite(value) or p(value * far) > alpha:
        return None
    return value * math.exp(_edge(lambda log: p(value * math.exp(log)), math.log(far), 0.0, alpha))
