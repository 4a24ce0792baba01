"""Looking at the samples while they come in: bounds at declared looks that spend one error between them.

Every look is a normal score Z at a share of all samples (its fraction), and the scores of several looks hang together
as those of a random walk do. The chance to leave the bounds at some look is integrated step by step (Armitage,
McPherson & Rowe 1969); constants as in Jennison & Turnbull (2000).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harness.stats import special

Floats = NDArray[np.float64]

MOST_LOOKS = 20
_FAR = 8.0
_NODES = 96


@dataclass(frozen=True, slots=True)
class _Walk:
    """Where the walk can be, nothing being decided yet, and with which probability."""

    at: Floats
    mass: Floats

    def above(self, bound: float, step: float) -> float:
        """The chance that a step of this standard deviation ends above `bound`."""
        return float(self.mass @ special.ndtr((self.at - bound) / step))

    def below(self, bound: float, step: float) -> float:
        """The chance that it ends below."""
        return float(self.mass @ special.ndtr((bound - self.at) / step))

    def between(self, low: float, high: float, step: float) -> _Walk:
        """The walk after the step, as far as it ends between `low` and `high`."""
        nodes, weights = _gauss()
        at = low + (high - low) * nodes
        density = np.exp(-0.5 * ((at[:, None] - self.at) / step) ** 2) @ self.mass / (step * math.sqrt(2 * math.pi))
        return _Walk(at, density * weights * (high - low))


_START = _Walk(np.zeros(1), np.ones(1))


def error(bounds: Sequence[float], fractions: Sequence[float] | None = None, *, two_sided: bool = False) -> float:
    """The chance, without any effect, that Z exceeds its bound at one look at least (|Z|, where `two_sided`).

    `fractions` of the samples rise to 1, by at least 1/20 each; without them the looks are equally far apart.
    """
    walk, before, total = _START, 0.0, 0.0
    for bound, fraction in zip(bounds, _checked(fractions, len(bounds)), strict=True):
        scale, step = math.sqrt(fraction), math.sqrt(fraction - before)
        high = bound * scale
        low = -high if two_sided else -_FAR * scale
        total += walk.above(high, step) + (walk.below(low, step) if two_sided else 0.0)
        walk, before = walk.between(low, high, step), fraction
    return total


def naive_error(looks: int, alpha: float, *, two_sided: bool = False) -> float:
    """The chance of a false claim where each of so many equally spaced looks is taken at full `alpha`."""
    z = float(special.ndtri(1 - (alpha / 2 if two_sided else alpha)))
    return error([z] * looks, two_sided=two_sided)


def obrien_fleming(looks: int, alpha: float, *, two_sided: bool = False) -> list[float]:
    """Bounds on Z at equally spaced looks that fall as 1/sqrt(fraction): early looks must show much."""
    return _scaled([math.sqrt(looks / (look + 1)) for look in range(looks)], alpha, two_sided)


def pocock(looks: int, alpha: float, *, two_sided: bool = False) -> list[float]:
    """The same bound on Z at each equally spaced look."""
    return _scaled([1.0] * looks, alpha, two_sided)


def lan_demets(fractions: Sequence[float], alpha: float) -> list[float]:
    """One-sided alpha of each look where looks are not equally spaced, in all `alpha` (Lan & DeMets 1983).

    Up to a fraction t of the samples 2 - 2*Phi(z/sqrt(t)) is spent, z the normal quantile at 1 - alpha/2.
    """
    _check_alpha(alpha)
    z = float(special.ndtri(1 - alpha / 2))
    walk, before, spent, found = _START, 0.0, 0.0, []
    for fraction in _checked(fractions, len(fractions)):
        scale, step = math.sqrt(fraction), math.sqrt(fraction - before)
        due = 2 * float(special.ndtr(-z / scale))
        high = _bound(walk, step, due - spent, scale)
        found.append(float(special.ndtr(-high / scale)))
        walk, before, spent = walk.between(-_FAR * scale, high, step), fraction, due
    return found


def look_alphas(looks: int, alpha: float) -> list[float]:
    """One-sided alpha of each of so many equally spaced looks (O'Brien-Fleming), in all `alpha`.

    1 to 20 looks; one look has all of it. Raises ValueError for others, and for an alpha outside (0, 0.5).
    """
    return list(_look_alphas(looks, alpha))


@lru_cache(maxsize=64)
def _look_alphas(looks: int, alpha: float) -> tuple[float, ...]:
    _check_alpha(alpha)
    if looks == 1:
        return (alpha,)
    return tuple(float(special.ndtr(-bound)) for bound in obrien_fleming(looks, alpha))


def _scaled(shape: list[float], alpha: float, two_sided: bool) -> list[float]:
    """The shape times the constant at which the error is alpha, by the secant rule on the error's logarithm."""
    _check_alpha(alpha)

    def excess(constant: float) -> float:
        return math.log(error([constant * one for one in shape], two_sided=two_sided) / alpha)

    first = float(special.ndtri(1 - (alpha / 2 if two_sided else alpha)))
    second = first + 0.1
    was, now = excess(first), excess(second)
    for _ in range(20):
        if abs(now) < 1e-10 or now == was:
            break
        first, second, was = second, second - now * (second - first) / (now - was), now
        now = excess(second)
    return [second * one for one in shape]


def _bound(walk: _Walk, step: float, chance: float, scale: float) -> float:
    """The bound that the step exceeds with this chance, by bisection."""
    low, high = -_FAR * scale, _FAR * scale
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if walk.above(middle, step) > chance else (low, middle)
    return high


def _checked(fractions: Sequence[float] | None, looks: int) -> list[float]:
    if not 1 <= looks <= MOST_LOOKS:
        raise ValueError(f"{looks} looks; there may be 1 to {MOST_LOOKS}")
    found = list(fractions) if fractions is not None else [(look + 1) / looks for look in range(looks)]
    steps = np.diff([0.0, *found])
    if len(found) != looks or found[-1] != 1 or (steps < 1 / MOST_LOOKS - 1e-9).any():
        raise ValueError(f"fractions of the samples must rise to 1 by {1 / MOST_LOOKS} or more each, not {found}")
    return found


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must lie between 0 and 0.5, not {alpha}")


@lru_cache(maxsize=1)
def _gauss() -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes and weights on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return (nodes + 1) / 2, weights / 2
