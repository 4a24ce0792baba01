"""How many samples a gate needs, from planning values and never from the observed difference.

`alpha` is one-sided throughout. The least numbers for a bound stop at `MOST`, which stands for "no number would do".
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
# Beyond so many samples the normal approximation is as good as the exact search.
EXACT_UP_TO = 50_000
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


def least_for_improvement(alpha: float) -> int:
    """Pairs on each of which only the candidate is right: z of McNemar's test is the root of their number."""
    return math.floor(_z(1 - alpha) ** 2) + 1


def pairs_for_margin(
    margin: float, discordance: float, alpha: float, power: float = 0.8, difference: float = 0.0
) -> int | None:
    """Pairs that let a model whose true difference is `difference` show "within `margin`" with probability `power`.

    `discordance` is the share of pairs on which just one of the models is right. None where the true difference is no
    better than the margin.
    """
    if margin + difference <= 0:
        return None
    spread = max(0.0, discordance - difference * difference)
    wanted = (max(0.0, _z(1 - alpha) + _z(power)) / (margin + difference)) ** 2 * spread
    return max(math.ceil(wanted), least_for_margin(margin, alpha))


def chance_for_margin(pairs: int, margin: float, discordance: float, alpha: float) -> float:
    """The chance that an equal model shows "within `margin`" on so many pairs."""
    if pairs < least_for_margin(margin, alpha):
        return 0.0
    return float(special.ndtr(margin * math.sqrt(pairs / discordance) - _z(1 - alpha)))


def detectable_margin(pairs: int, discordance: float, alpha: float, power: float = 0.8) -> float | None:
    """The smallest margin that an equal model shows on so many pairs with probability `power`; None where above 1."""
    smooth = (_z(1 - alpha) + _z(power)) * math.sqrt(discordance / pairs)
    margin = max(smooth, -tango(Table(pairs, 0, 0, 0), alpha)[0])
    return margin if margin <= 1 else None


def pairs_for_improvement(difference: float, discordance: float, alpha: float, power: float = 0.8) -> int | None:
    """Pairs that show a true improvement by `difference` with probability `power` (Connor 1987, Biometrics 43:207).

    None where there is none to show, or where it is more than the share of pairs on which the models differ.
    """
    if not 0 < difference <= discordance:
        return None
    spread = math.sqrt(discordance - difference * difference)
    root = max(0.0, _z(1 - alpha) * math.sqrt(discordance) + _z(power) * spread) / difference
    return max(least_for_improvement(alpha), math.ceil(root * root))


def chance_for_improvement(pairs: int, difference: float, discordance: float, alpha: float) -> float:
    """The chance that so many pairs show a true improvement by `difference`."""
    spread = math.sqrt(max(1e-12, discordance - difference * difference))
    return float(special.ndtr((difference * math.sqrt(pairs) - _z(1 - alpha) * math.sqrt(discordance)) / spread))


def detectable_improvement(pairs: int, discordance: float, alpha: float, power: float = 0.8) -> float | None:
    """The smallest true improvement that so many pairs show with probability `power`; None where no one would do."""

    def enough(difference: float) -> bool:
        wanted = pairs_for_improvement(difference, discordance, alpha, power)
        return wanted is not None and wanted <= pairs

    low, high = 0.0, discordance
    if not enough(high):
        return None
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def samples_for_mean(
    difference: float, between: float, within: float, alpha: float, power: float = 0.8, repeats: int = 1
) -> int:
    """Samples that show a true difference of means with probability `power` (Miller, arXiv 2411.00640).

    `between` is the variance of a sample's true difference, `within` the sum of both models' variances from one repeat
    to another.
    """
    return math.ceil(((_z(1 - alpha) + _z(power)) / difference) ** 2 * (between + within / repeats))


def least_count(n: int, threshold: float, alpha: float) -> int | None:
    """Fewest successes of `n` that show "the rate is above `threshold`" by the exact test; None where not even n do."""
    least = int(_least_counts(np.array([n]), threshold, alpha)[0])
    return least if least <= n else None


@lru_cache(maxsize=256)
def samples_for_rate(threshold: float, rate: float, alpha: float, power: float = 0.8) -> int | None:
    """Fewest samples of which a true `rate` shows "above `threshold`" with probability `power`, by the exact test.

    For "below", give 1 - threshold and 1 - rate. Beyond `EXACT_UP_TO` it is the normal approximation. None where the
    true rate is not above the threshold.
    """
    if rate <= threshold:
        return None
    if threshold <= 0 or rate >= 1:
        return least_for_rate(threshold, alpha)
    here, there = math.sqrt(threshold * (1 - threshold)), math.sqrt(rate * (1 - rate))
    near = (max(0.0, _z(1 - alpha) * here + _z(power) * there) / (rate - threshold)) ** 2
    if near > EXACT_UP_TO:
        return math.ceil(near)
    # With few failures (or successes) a step of one moves the chance so far that much smaller numbers may do.
    few = near * min(threshold, 1 - threshold) < 100
    first = least_for_rate(threshold, alpha) if few else int(0.8 * near)
    while True:
        n = np.arange(first, first + _BLOCK)
        shown = special.bdtrc(_least_counts(n, threshold, alpha) - 1, n, rate) >= power
        if shown.any():
            return int(n[np.argmax(shown)])
        first += _BLOCK


def chance_for_rate(n: int, threshold: float, rate: float, alpha: float) -> float:
    """The exact chance that n samples with a true `rate` show "above `threshold`"."""
    least = least_count(n, threshold, alpha)
    return 0.0 if least is None else float(special.bdtrc(least - 1, n, rate))


def detectable_rate(n: int, threshold: float, alpha: float, power: float = 0.8) -> float | None:
    """The smallest true rate that n samples show to be above `threshold` with probability `power`; None: not even 1."""
    least = least_count(n, threshold, alpha)
    # A binomial's upper tail is a beta distribution's lower one, in the rate.
    return None if least is None else max(threshold, float(special.betaincinv(least, n - least + 1, power)))


def _least_counts(n: NDArray[np.int64], threshold: float, alpha: float) -> NDArray[np.int64]:
    """For each n the fewest successes whose exact p is below alpha; n + 1 where there are none."""
    low, high = np.zeros_like(n), n + 1
    while (low < high).any():
        middle = (low + high) // 2
        p = np.where(middle > 0, special.bdtrc(np.maximum(middle, 1) - 1, n, threshold), 1.0)
        enough = (p < alpha) | (middle > n)
        low, high = np.where(enough, low, np.minimum(middle + 1, high)), np.where(enough, middle, high)
    return high


def _z(level: float) -> float:
    return float(special.ndtri(level))


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
