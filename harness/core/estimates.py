"""Numbers with their uncertainty. An unknown number is another type, so it can never pass for 0."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """An aggregate with the one-sided bounds `low` and `high`, each at confidence `level` (0.95 by default).

    Both together are the limits of the two-sided interval at 2*level - 1. None: this side has no bound at this n.
    """

    value: float
    low: float | None
    high: float | None
    level: float
    n: int
    method: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same samples: their own values, and by how much the candidate is better; bounds as in Estimate.

    `difference`, `low` and `high` are candidate minus baseline, and where lower values are better baseline minus
    candidate: more is always better.
    """

    candidate: float
    baseline: float
    difference: float
    low: float | None
    high: float | None
    level: float
    pairs: int
    method: str


@dataclass(frozen=True, slots=True)
class Unestimable:
    """No number, and why."""

    reason: str
    n: int = 0
