"""How many samples a gate needs, from planning values and never from the observed difference.

`alpha` is one-sided throughout; counts stop at `MOST`, which stands for "no number would do".
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harness.stats import eprocess, special
from harness.stats.intervals import clopper_pearson
from harness.stats.paired import Table, tango
from harness.stats.series import Settings

MOST = 1_000_000
_BLOCK = 512


@lru_cache(maxsize=256)
def least_for_rate(threshold: float, alpha: float) -> int:
    """Fewest samples at which even all right shows "above `threshold`" by the exact bound."""
    if threshold <= 0:
        return 1
    if threshold >= 1:
        return MOST
    n = max(1, math.ceil(math.log(alpha) / math.log(threshold)))
    while clopper_pearson(n, n, alpha)[0] <= threshold:
        n += 1
    return n


@lru_cache(maxsize=256)
def least_for_margin(margin: float, alpha: float) -> int:
    """Fewest pairs at which even full agreement shows "within `margin`" by Tango's bound."""
    low, high = 1, MOST
    while low < high:
        middle = (low + high) // 2
        enough = tango(Table(middle, 0, 0, 0), alpha)[0] > -margin
        low, high = (low, middle) if enough else (middle + 1, high)
    return low


def least_for_quantile(q: float, alpha: float) -> int:
    """Fewest values for which the q-quantile has an upper bound (Wilks): 59 for p95, 299 for p99."""
    return math.ceil(math.log(alpha) / math.log(q))


def least_without_event(most: float, alpha: float) -> int:
    """Fewest samples without one event that show "its rate is below `most`" (0 to 1): 99 for 3 %, 299 for 1 %."""
    return least_for_rate(1 - most, alpha)


def pairs_for_margin(
    margin: float, discordance: float, alpha: float, power: float = 0.8, difference: float = 0.0
) -> int:
    """Pairs that let a model whose true difference is `difference` show "within `margin`" with probability `power`.

    `discordance` is the share of pairs on which the models are not both right or both wrong. `MOST` where the true
    difference is no better than the margin.
    """
    if margin + difference <= 0:
        return MOST
    spread = max(0.0, discordance - difference * difference)
    wanted = math.ceil(_z(alpha, power) ** 2 * spread / (margin + difference) ** 2)
    return min(MOST, max(wanted, least_for_margin(margin, alpha)))


def detectable_margin(pairs: int, discordance: float, alpha: float, power: float = 0.8) -> float:
    """The smallest margin that an equal model shows on so many pairs with probability `power`."""
    smooth = _z(alpha, power) * math.sqrt(discordance / pairs)
    return max(smooth, -tango(Table(pairs, 0, 0, 0), alpha)[0])


def pairs_for_improvement(difference: float, discordance: float, alpha: float, power: float = 0.8) -> int:
    """Pairs that show a true improvement by `difference` with probability `power` (Connor 1987, Biometrics 43:207).

    `MOST` where there is none to show. Raises ValueError where the models differ on fewer pairs than the difference.
    """
    if difference > discordance:
        raise ValueError("the difference cannot be larger than the share of discordant pairs")
    if difference <= 0:
        return MOST
    spread = math.sqrt(discordance - difference * difference)
    total = float(special.ndtri(1 - alpha)) * math.sqrt(discordance) + float(special.ndtri(power)) * spread
    return min(MOST, math.ceil((total / difference) ** 2))


def detectable_improvement(pairs: int, discordance: float, alpha: float, power: float = 0.8) -> float | None:
    """The smallest true improvement that so many pairs show with probability `power`; None where no one would do."""
    low, high = 0.0, discordance
    if pairs_for_improvement(high, discordance, alpha, power) > pairs:
        return None
    for _ in range(50):
        middle = (low + high) / 2
        enough = pairs_for_improvement(middle, discordance, alpha, power) <= pairs
        low, high = (low, middle) if enough else (middle, high)
    return high


def samples_for_mean(
    difference: float, between: float, within: float, alpha: float, power: float = 0.8, repeats: int = 1
) -> int:
    """Samples that show a true difference of means with probability `power` (Miller, arXiv 2411.00640).

    `between` is the variance of a sample's true difference, `within` the sum of both models' variances from one repeat
    to another.
    """
    return min(MOST, math.ceil(_z(alpha, power) ** 2 * (between + within / repeats) / difference**2))


def least_count(n: int, threshold: float, alpha: float) -> int | None:
    """Fewest successes of `n` that show "the rate is above `threshold`" by the exact test; None where not even n do."""
    least = int(_least_counts(np.array([n]), threshold, alpha)[0])
    return least if least <= n else None


@lru_cache(maxsize=256)
def samples_for_rate(threshold: float, rate: float, alpha: float, power: float = 0.8) -> int:
    """Fewest samples of which a true `rate` shows "above `threshold`" with probability `power`, by the exact test.

    For "below", give 1 - threshold and 1 - rate. `MOST` where the true rate is not above the threshold.
    """
    if rate <= threshold:
        return MOST
    if threshold <= 0 or rate >= 1:
        return least_for_rate(threshold, alpha)
    for first in range(_first_guess(threshold, rate, alpha, power), MOST, _BLOCK):
        n = np.arange(first, first + _BLOCK)
        shown = special.bdtrc(_least_counts(n, threshold, alpha) - 1, n, rate)
        if (shown >= power).any():
            return min(MOST, int(n[np.argmax(shown >= power)]))
    return MOST


def _first_guess(threshold: float, rate: float, alpha: float, power: float) -> int:
    """A number of samples that is surely too few: 1, or nine tenths of the normal approximation where that is large."""
    here, there = math.sqrt(threshold * (1 - threshold)), math.sqrt(rate * (1 - rate))
    total = float(special.ndtri(1 - alpha)) * here + float(special.ndtri(power)) * there
    near = (max(0.0, total) / (rate - threshold)) ** 2
    return int(0.9 * near) if 20_000 < near < MOST else MOST if near >= MOST else 1


def _least_counts(n: NDArray[np.int64], threshold: float, alpha: float) -> NDArray[np.int64]:
    """For each n the fewest successes whose exact p is at most alpha; n + 1 where there are none."""
    low, high = np.zeros_like(n), n + 1
    while (low < high).any():
        middle = (low + high) // 2
        p = np.where(middle > 0, special.bdtrc(np.maximum(middle, 1) - 1, n, threshold), 1.0)
        enough = (p <= alpha) | (middle > n)
        low, high = np.where(enough, low, np.minimum(middle + 1, high)), np.where(enough, middle, high)
    return high


def _z(alpha: float, power: float) -> float:
    return float(special.ndtri(1 - alpha)) + float(special.ndtri(power))


def rate_needs(threshold: float, settings: Settings) -> int:
    """Fewest samples at which even all right shows "above `threshold`" by the bound that the settings ask for."""
    if not settings.anytime:
        return least_for_rate(threshold, settings.alpha)
    return eprocess.least_for_rate(threshold, settings.alpha) or MOST


def margin_needs(margin: float, settings: Settings) -> int:
    """Fewest pairs at which even full agreement shows "within `margin`" by the bound that the settings ask for."""
    if not settings.anytime:
        return least_for_margin(margin, settings.alpha)
    return eprocess.least_for_margin(margin, settings.alpha) or MOST
