"""How many samples a gate needs, from planning values and never from the observed difference."""

from __future__ import annotations

import math
from functools import lru_cache

from harness.stats import special
from harness.stats.intervals import clopper_pearson
from harness.stats.paired import Table, tango

MOST = 1_000_000


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


def pairs_for_margin(margin: float, discordance: float, alpha: float, power: float = 0.8) -> int:
    """Pairs that let an equal model show "within `margin`" with probability `power`."""
    z = float(special.ndtri(1 - alpha)) + float(special.ndtri(power))
    return max(math.ceil(z * z * discordance / (margin * margin)), least_for_margin(margin, alpha))
