"""Which versions the registry wants to be reached, and how."""

from __future__ import annotations

from dataclasses import dataclass

from harness.core.errors import ConfigError
from harness.core.routes import CanaryRules
from harness.core.versions import CANARY, PRODUCTION, Registry, Version


@dataclass(frozen=True, slots=True)
class Wanted:
    """The version in production, the canary with its `share` of the requests (0 to 1), and the last good version."""

    production: Version
    canary: Version | None = None
    share: float = 0.0
    previous: Version | None = None

    @property
    def versions(self) -> tuple[Version, ...]:
        """All of them, production first."""
        return tuple(one for one in (self.production, self.canary, self.previous) if one)


def wanted(registry: Registry, rules: CanaryRules) -> Wanted:
    """What the registry says now. Raises ConfigError where nothing is in production."""
    production, canary = registry.standing(PRODUCTION), registry.standing(CANARY)
    if production is None:
        raise ConfigError(
            "nothing is in production, so there is nothing to route to. `harness promote --to production` brings a "
            "version there; `harness serve` serves base and candidate."
        )
    share = registry.share() if canary else 0.0
    share = rules.shares[0] if share is None else share
    previous = registry.before(PRODUCTION)
    if previous and canary and previous.number == canary.number:
        previous = None  # what is only tried now stands in for nobody
    return Wanted(production, canary, share, previous)
