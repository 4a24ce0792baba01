"""Several claims at once: each function gives adjusted p-values in the order given, to be held against alpha."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given: the chance of any false claim stays at alpha."""
    p = np.asarray(p_values, dtype=np.float64)
    if len(p) == 0:
        return []
    order = np.argsort(p, kind="stable")
    steps = np.minimum(1.0, p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(steps)
    return [float(value) for value in adjusted]


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted so that of all claims made, the expected share of false ones stays at alpha (Benjamini & Hochberg 1995).

    For lists that point somewhere (classes, slices); never for a gate.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if len(p) == 0:
        return []
    order = np.argsort(-p, kind="stable")
    steps = np.minimum(1.0, p[order] * (len(p) / np.arange(len(p), 0, -1)))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum.accumulate(steps)
    return [float(value) for value in adjusted]


def fixed_sequence(p_values: Sequence[float]) -> list[float]:
    """Tests in an order fixed beforehand, each at full alpha: a claim stands only where all before it do."""
    p = np.asarray(p_values, dtype=np.float64)
    return [float(value) for value in np.maximum.accumulate(p)]
