"""The step that a canary stands at: which versions are compared, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from harness.core.errors import ConfigError
from harness.core.routes import CanaryRules
from harness.core.versions import CANARY, PRODUCTION, Move, Registry, Version


@dataclass(frozen=True, slots=True)
class Step:
    """The canary with its `share` since the registry's line `move`; both versions stand since `since` (since 1970)."""

    canary: Version
    production: Version
    share: float
    move: int
    since: float


def step_of(known: Registry, rules: CanaryRules) -> Step:
    """The step that stands now. Raises ConfigError where no canary stands, or nothing beside it."""
    canary, production = known.standing(CANARY), known.standing(PRODUCTION)
    if canary is None:
        raise ConfigError("no canary stands: `harness promote --to canary` brings a version there.")
    if production is None:
        raise ConfigError(f"{canary.name} is a canary, but nothing is in production that it could be compared with.")
    came, beside = _last(known, canary, CANARY), _last(known, production, PRODUCTION)
    share = known.share()
    return Step(
        canary=canary,
        production=production,
        share=rules.shares[0] if share is None else share,
        move=came.number,
        since=max(datetime.fromisoformat(move.time).timestamp() for move in (came, beside)),
    )


def _last(known: Registry, version: Version, stage: str) -> Move:
    return next(one for one in reversed(known.moves) if one.version == version.number and one.stage == stage)
