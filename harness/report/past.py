"""The earlier decisions of a release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.report.service import Cost


@dataclass(frozen=True, slots=True)
class PastPoint:
    """What a metric came to in a decision, with the limits of its interval. `unit` is the gate's."""

    value: float
    low: float | None
    high: float | None
    verdict: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """One decision of the release, this one included. `points` are its gates' candidate values, by the gates' `what`.

    `version` and `stage` are those that it was promoted to, None where it was not. `cost` is what an answered request
    to the candidate cost in its measured phase, by the prices of today.
    """

    id: str
    decided: str
    verdict: str
    reason: str
    adapter: str | None
    points: Mapping[str, PastPoint]
    version: int | None = None
    stage: str | None = None
    cost: Cost | None = None
