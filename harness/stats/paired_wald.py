"""Other bounds for two models on the same samples, in closed form: Wald, Agresti-Min, Bonett-Price.

For display and for checks by hand. No gate decides by them: with few samples Wald's promises far too much.
"""

from __future__ import annotations

import math

from harness.stats import special
from harness.stats.paired import Table


def wald(table: Table, alpha: float) -> tuple[float, float]:
    """Wald's bounds: no width at all where the models never differ."""
    return _wald(table.candidate, table.baseline, table.n, alpha)


def agresti_min(table: Table, alpha: float) -> tuple[float, float]:
    """Wald's bounds with half a pair more in each cell (Agresti & Min 2005, Stat Med 24:729)."""
    return _wald(table.candidate + 0.5, table.baseline + 0.5, table.n + 2, alpha)


def bonett_price(table: Table, alpha: float) -> tuple[float, float]:
    """Wald's bounds with a pair more in each discordant cell (Bonett & Price 2012)."""
    return _wald(table.candidate + 1, table.baseline + 1, table.n + 2, alpha)


def _wald(b: float, c: float, n: float, alpha: float) -> tuple[float, float]:
    """Bounds of (b - c)/n, kept within -1 and 1."""
    half = float(special.ndtri(1 - alpha)) * math.sqrt(max(0.0, b + c - (b - c) ** 2 / n)) / n
    return max(-1.0, (b - c) / n - half), min(1.0, (b - c) / n + half)
