"""Bets against a mean whose stake tells, at any time, how much the samples speak against it (e-processes).

While the null is true the stake is a fair game at best, so it reaches 1/alpha with a chance of at most alpha, ever
(Ville 1939). A rate is bet on by a beta-binomial mixture (Howard, Ramdas, McAuliffe & Sekhon 2021), another mean by a
mixture of constant bets (Waudby-Smith & Ramdas 2024). Both are products over samples: their order does not count.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from harness.stats import special
from harness.stats.series import Floats

# Bounds on rates are tightest about here. It must not depend on the samples: then they would not hold at any time.
BEST_AT = 130
_BETS = (np.arange(64) + 0.5) / 64
_CHUNK = 20_000


def rho(v: float, alpha: float) -> float:
    """The mixing variance at which a two-sided normal mixture is tightest at intrinsic time `v` (Howard et al.)."""
    spent = 2 * math.log(1 / alpha)
    return v / (spent + math.log(1 + spent))


def strength(best_at: float, alpha: float) -> float:
    """How many samples the mixture's beta is worth, for two-sided bounds at alpha that are tightest at `best_at`."""
    return max(1e-3, rho(best_at, alpha) - 1)


def beta_binomial(successes: int, n: int, rate: float, weight: float, *, two_sided: bool = False) -> float:
    """Log of the stake against "the rate is at most `rate`", in (0, 1); with `two_sided` against "it is `rate`".

    The mixture is a beta of mean `rate`, worth `weight` samples; against one side only the part beyond counts.
    """
    a, b, failures = weight * rate, weight * (1 - rate), n - successes
    against = special.xlogy(successes, rate) + special.xlog1py(failures, -rate)
    stake = float(special.betaln(a + successes, b + failures) - special.betaln(a, b) - against)
    beyond = 1.0 if two_sided else float(special.betaincc(a + successes, b + failures, rate))
    if beyond == 0.0:
        return -math.inf
    return stake + math.log(beyond) - (0.0 if two_sided else math.log(float(special.betaincc(a, b, rate))))


def bets(values: Floats, times: Floats, mean: float) -> float:
    """Log of the stake against "the mean is at most `mean`", in (0, 1), of distinct values in [0, 1] and their counts.

    Each of 64 players always bets the same share of what the null lets them lose; the stake is their mean.
    """
    gain, logs = values / mean - 1, np.zeros(len(_BETS))
    for start in range(0, len(gain), _CHUNK):
        part = slice(start, start + _CHUNK)
        logs += np.log1p(np.outer(_BETS, gain[part])) @ times[part]
    most = float(logs.max())
    return most + math.log(float(np.exp(logs - most).mean()))


@lru_cache(maxsize=256)
def least_for_rate(threshold: float, alpha: float) -> int | None:
    """Fewest samples at which even all right shows "above `threshold`" at any time; None where none do."""
    return _least(lambda n: beta_binomial(n, n, threshold, strength(BEST_AT, 2 * alpha)), alpha, threshold)


@lru_cache(maxsize=256)
def least_for_margin(margin: float, alpha: float) -> int | None:
    """Fewest pairs at which even full agreement shows "within `margin`" at any time; None where none do."""
    return _least(lambda n: bets(np.array([0.5]), np.array([float(n)]), (1 - margin) / 2), alpha, 1 - margin)


def _least(stake: Callable[[int], float], alpha: float, largest: float) -> int | None:
    """The least n whose stake reaches 1/alpha: it grows with n. None where the null is no smaller than `largest`."""
    if largest >= 1:
        return None
    low, high = 0, 1
    while stake(high) < math.log(1 / alpha):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if stake(middle) >= math.log(1 / alpha) else (middle, high)
    return high
