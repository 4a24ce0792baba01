"""How likely a gate is to pass at planning values, and how many samples make that likely: never from observed values.

A design is a rule with its planning values. Each answers four questions: the least number of samples at which it can
pass at all, the chance to pass with n of them, the samples for a wanted chance, and what n of them can show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from harness.stats import power as powers


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
        return powers.least_for_rate(self.threshold, self.alpha)

    def chance(self, n: int) -> float | None:
        if self.expected is None:
            return None
        return powers.chance_for_rate(n, self.threshold, self.expected, self.alpha)

    def samples(self, power: float) -> int | None:
        if self.expected is None:
            return None
        return powers.samples_for_rate(self.threshold, self.expected, self.alpha, power)

    def detectable(self, n: int, power: float) -> float | None:
        return powers.detectable_rate(n, self.threshold, self.alpha, power)


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
        return powers.least_without_event(self.threshold, self.alpha)

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
        return powers.least_for_margin(self.margin, self.alpha)

    def chance(self, n: int) -> float | None:
        return powers.chance_for_margin(n, self.margin, self.discordance, self.alpha)

    def samples(self, power: float) -> int | None:
        return powers.pairs_for_margin(self.margin, self.discordance, self.alpha, power)

    def detectable(self, n: int, power: float) -> float | None:
        return powers.detectable_margin(n, self.discordance, self.alpha, power)


@dataclass(frozen=True, slots=True)
class Gain:
    """A model that is better by `gain`, shown to be better (Connor 1987, Biometrics 43:207). Effect: the gain."""

    alpha: float
    discordance: float
    gain: float | None = None

    def least(self) -> int:
        return powers.least_for_improvement(self.alpha)

    def chance(self, n: int) -> float | None:
        if self.gain is None:
            return None
        return powers.chance_for_improvement(n, self.gain, self.discordance, self.alpha)

    def samples(self, power: float) -> int | None:
        if self.gain is None:
            return None
        return powers.pairs_for_improvement(self.gain, self.discordance, self.alpha, power)

    def detectable(self, n: int, power: float) -> float | None:
        return powers.detectable_improvement(n, self.discordance, self.alpha, power)
