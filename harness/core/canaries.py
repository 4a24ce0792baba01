"""What comes of looking at a canary: a result for each rule, and whether it advances, holds or is rolled back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from harness.core.ids import digest_json


class Outcome(StrEnum):
    """What is to be done with a canary."""

    ADVANCE = "ADVANCE"
    HOLD = "HOLD"
    ROLLBACK = "ROLLBACK"


class Standing(StrEnum):
    """What is shown of one rule: it is kept, it is broken, or neither."""

    KEPT = "kept"
    BROKEN = "broken"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule: `canary` and `production` are the sides' own values, `value` compares them, `low` and `high` are its
    one-sided bounds that hold at any time.

    `least` and `most` are what is tolerated of `value` (`least` None: no limit). `p` is that of "broken" after Holm's
    correction. `reason` says why nothing is known. Every number is None where it is not known.
    """

    name: str
    standing: Standing
    most: float
    least: float | None = None
    canary: float | None = None
    production: float | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float = 1.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SideCounts:
    """Requests of a side: those that count (`counted`; users, where `route.sticky` names them) and those that do not.

    `cancelled` the client went, `refused` the request was wrong, `waiting` too new, `later` of a user who counts once.
    """

    counted: int = 0
    failed: int = 0
    cancelled: int = 0
    refused: int = 0
    waiting: int = 0
    later: int = 0
    unchecked: int = 0


@dataclass(frozen=True, slots=True)
class CanaryAnalysis:
    """The canary of a release at one step. `move` is the registry's line that began it, `since` and `until` the times
    (seconds since 1970) between which requests count. `unit` is what stands alone: request or user.

    `next_share` is what the canary gets next where it advances; None after the last share: it is ready for production.
    """

    release: str
    version: int
    production: int
    share: float
    move: int
    since: float
    until: float
    alpha: float
    unit: str
    outcome: Outcome
    reason: str
    next_share: float | None = None
    rules: tuple[RuleResult, ...] = ()
    sides: Mapping[str, SideCounts] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Everything, with the digest of all the rest."""
        value = asdict(self)
        return {**value, "digest": digest_json(value)}

    @property
    def digest(self) -> str:
        """SHA-256 of all that it says."""
        return digest_json(asdict(self))
