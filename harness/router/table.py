"""Who answers: the versions that are reached, where each of them is served, and who stands in for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.core.versions import CANARY, PRODUCTION

TGI, OPENAI = "tgi", "openai"
# What TGI and our own server take for the base model in the place of an adapter's name.
NO_ADAPTER = "tgi"


@dataclass(frozen=True, slots=True)
class Target:
    """One version on the servers that serve it.

    `name` is what people call it (v3, base), `urls` are the servers, each with the same names. `model` is what they
    call it: an adapter's name; None: the base model of a server that speaks TGI's API. With `api` openai `urls` go up
    to and with /v1, and `model` is always given. `key` is what the servers ask for, and is never shown.
    """

    name: str
    urls: tuple[str, ...]
    model: str | None = None
    api: str = TGI
    key: str | None = field(default=None, repr=False)

    def path(self, asked: str) -> str | None:
        """Where a server has the route that was asked for; None where it has no such route."""
        if self.api == TGI:
            return asked
        return asked.removeprefix("/v1") if asked.startswith("/v1/") else None


@dataclass(frozen=True, slots=True)
class Routes:
    """The table: it is replaced as a whole, and never changed. `share` of the requests go to the canary, 0 to 1.

    `fallback` are those who answer where production errs, in order; where the canary errs, production comes before
    them, if anybody is to stand in at all. `generation` counts the tables.
    """

    production: Target
    canary: Target | None = None
    share: float = 0.0
    fallback: tuple[Target, ...] = ()
    generation: int = 0

    def chain(self, side: str) -> tuple[Target, ...]:
        """The target of a side (production, canary), then those who stand in for it."""
        if side == CANARY and self.canary:
            return (self.canary, self.production, *self.fallback) if self.fallback else (self.canary,)
        return (self.production, *self.fallback)

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every target of the table."""
        return (self.production, *((self.canary,) if self.canary else ()), *self.fallback)

    @property
    def urls(self) -> tuple[str, ...]:
        """Every server of the table, once."""
        return tuple(dict.fromkeys(url for target in self.targets for url in target.urls))

    def as_json(self) -> Mapping[str, object]:
        """The table for people, without keys."""
        return {
            "generation": self.generation,
            PRODUCTION: self.production.name,
            CANARY: self.canary.name if self.canary else None,
            "share": self.share if self.canary else 0.0,
            "fallback": [target.name for target in self.fallback],
            "servers": {target.name: list(target.urls) for target in self.targets},
        }
