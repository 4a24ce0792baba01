"""How likely a gate is to pass at planning values, and how many samples make that likely: never from observed values.

A design is a rule with its planning values. Each answers four questions: the least number of samples at which it can
pass at all, the chance to pass with n of them, the samples for a wanted chance, and what n of them can show.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.stats import special
from harness.stats.power import least_for_margin, least_for_rate, pairs_for_margin

# Beyond so many samples the normal approximation is as good as the exact search.
EXACT_UP_TO = 50_000


class Design(Protocol):
    """A rule with its planning values. `power` is the chance to pass, in (0, 1)."""

    def least(self) -> int:
        """Fewest samples at which the rule can pass at all."""
        ...

    def chance(self, n: int) -> float | None:
        """The chance to pass with n samples; None where a planning value is not given."""
        ...

    def samples(self, power: float) -> int | None:
        """Fewest samples with that chance to pass; None where a planning value is not given or no number is enough."""
        ...

    def detectable(self, n: int, power: float) -> float | None:
        """The effect that n samples show with that chance; None where none is large enough."""
        ...


@dataclass(frozen=True, slots=True)
class RateAbove:
    """A rate shown to lie above `threshold` by the exact bound, where it truly is `expected`. Effect: the true rate."""

    threshold: float
    alpha: float
    expected: float | None = None

    def least(self) -> int:
        return least_for_rate(self.threshold, self.alpha)

    def chance(self, n: int) -> float | None:
        return None if self.expected is None else _above(n, self.threshold, self.expected, self.alpha)

    def samples(self, power: float) -> int | None:
        if self.expected is None or self.expected <= self.threshold:
            return None
        about = self._about(power)
        if about > EXACT_UP_TO:
            return math.ceil(about)
        n = max(self.least(), math.floor(0.8 * about))
        while _above(n, self.threshold, self.expected, self.alpha) < power:
            n += 1
        return n

    def detectable(self, n: int, power: float) -> float | None:
        return _solve(lambda rate: _above(n, self.threshold, rate, self.alpha), self.threshold, 1.0, power)

    def _about(self, power: float) -> float:
        """The normal approximation, to begin the exact search near its end."""
        assert self.expected is not None
        spread = [math.sqrt(rate * (1 - rate)) for rate in (self.threshold, self.expected)]
        wanted = _z(1 - self.alpha) * spread[0] + _z(power) * spread[1]
        return (max(0.0, wanted) / (self.expected - self.threshold)) ** 2


@dataclass(frozen=True, slots=True)
class RateBelow:
    """A rate shown to lie below `threshold`: the other way round. Effect: the true rate."""

    threshold: float
    alpha: float
    expected: float | None = None

    @property
    def _other(self) -> RateAbove:
        return RateAbove(1 - self.threshold, self.alpha, None if self.expected is None else 1 - self.expected)

    def least(self) -> int:
        return self._other.least()

    def chance(self, n: int) -> float | None:
        return self._other.chance(n)

    def samples(self, power: float) -> int | None:
        return self._other.samples(power)

    def detectable(self, n: int, power: float) -> float | None:
        found = self._other.detectable(n, power)
        return None if found is None else 1 - found


@dataclass(frozen=True, slots=True)
class NoFailures:
    """No failure at all, shown to be rarer than `threshold`, where one truly fails with `expected`. Effect: that rate.

    More samples make a failure more likely, so there may be no number that gives the wanted chance.
    """

    threshold: float
    alpha: float
    expected: float | None = None

    def least(self) -> int:
        return least_for_rate(1 - self.threshold, self.alpha)

    def chance(self, n: int) -> float | None:
        if self.expected is None:
            return None
        return (1 - self.expected) ** n if n >= self.least() else 0.0

    def samples(self, power: float) -> int | None:
        least, chance = self.least(), self.chance(self.least())
        return least if chance is not None and chance >= power else None

    def detectable(self, n: int, power: float) -> float | None:
        return float(1 - power ** (1 / n)) if n >= self.least() else None


@dataclass(frozen=True, slots=True)
class WithinMargin:
    """An equal model shown to lose less than `margin`, by Tango's bound. Effect: the margin.

    `discordance` is the share of samples on which just one of the two models is right.
    """

    margin: float
    alpha: float
    discordance: float

    def least(self) -> int:
        return least_for_margin(self.margin, self.alpha)

    def chance(self, n: int) -> float | None:
        return _within(n, self.margin, self.discordance, self.alpha)

    def samples(self, power: float) -> int | None:
        return pairs_for_margin(self.margin, self.discordance, self.alpha, power)

    def detectable(self, n: int, power: float) -> float | None:
        return _solve(lambda margin: _within(n, margin, self.discordance, self.alpha), 0.0, 1.0, power)


@dataclass(frozen=True, slots=True)
class Gain:
    """A model that is better by `gain`, shown to be better (Connor 1987, Biometrics 43:207). Effect: the gain."""

    alpha: float
    discordance: float
    gain: float | None = None

    def least(self) -> int:
        """Pairs on each of which only the candidate is right: z of McNemar's test is the root of their number."""
        return math.floor(_z(1 - self.alpha) ** 2) + 1

    def chance(self, n: int) -> float | None:
        return None if self.gain is None else self._chance(n, self.gain)

    def samples(self, power: float) -> int | None:
        if self.gain is None or not 0 < self.gain <= self.discordance:
            return None
        rest = math.sqrt(self.discordance - self.gain**2)
        root = (_z(1 - self.alpha) * math.sqrt(self.discordance) + _z(power) * rest) / self.gain
        return max(self.least(), math.ceil(root * root))

    def detectable(self, n: int, power: float) -> float | None:
        return _solve(lambda gain: self._chance(n, gain), 0.0, self.discordance, power)

    def _chance(self, n: int, gain: float) -> float:
        rest = math.sqrt(max(1e-12, self.discordance - gain**2))
        return _phi((gain * math.sqrt(n) - _z(1 - self.alpha) * math.sqrt(self.discordance)) / rest)


def _above(n: int, threshold: float, rate: float, alpha: float) -> float:
    """Exact chance that n samples show a rate above `threshold`: fewest successes that do, then as many or more."""
    low, high = 1, n + 1
    while low < high:
        middle = (low + high) // 2
        shows = float(special.bdtrc(middle - 1, n, threshold)) < alpha
        low, high = (low, middle) if shows else (middle + 1, high)
    return float(special.bdtrc(low - 1, n, rate)) if low <= n else 0.0


def _within(n: int, margin: float, discordance: float, alpha: float) -> float:
    if margin <= 0 or n < least_for_margin(margin, alpha):
        return 0.0
    return _phi(margin * math.sqrt(n / discordance) - _z(1 - alpha))


def _solve(chance: Callable[[float], float], low: float, high: float, power: float) -> float | None:
    """The least effect with that chance, which rises with it; None where the greatest has not."""
    if chance(high) < power:
        return None
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if chance(middle) >= power else (middle, high)
    return high


def _z(level: float) -> float:
    return float(special.ndtri(level))


def _phi(z: float) -> float:
    return float(special.ndtr(z))
