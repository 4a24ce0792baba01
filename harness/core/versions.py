"""The registry's values: versions, told byte for byte, and their moves from stage to stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.core.samples import Json

DEV, STAGING, CANARY, PRODUCTION, ARCHIVED = "dev", "staging", "canary", "production", "archived"
STAGES = (DEV, STAGING, CANARY, PRODUCTION, ARCHIVED)
# Why a version moved, or what a note is about.
PROMOTE, ROLLBACK, MOVED_ON, ARCHIVE = "promote", "rollback", "canary", "archive"
NOTE, REHEARSAL, DEPLOYING, DEPLOYED, NOT_DEPLOYED = "note", "rehearsal", "deploying", "deployed", "not_deployed"
# In these only one version of a release stands at a time; the one before moves out.
SINGLE = (CANARY, PRODUCTION)


@dataclass(frozen=True, slots=True)
class Version:
    """A candidate that a decision was taken on, by all that it is made of. Never changed once it is recorded.

    `digests` are SHA-256 by name: data, validation, config (what taught the adapter), policy, release, suites.
    `provenance` is what else is known of its making: packages, seed, device, training time, base model's name.
    `parent` is the version in production when this one was recorded (None: there was none).
    """

    number: int
    release: str
    adapter_digest: str
    base_digest: str
    decision: str
    created: str
    digests: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Json] = field(default_factory=dict)
    parent: int | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return f"v{self.number}"


@dataclass(frozen=True, slots=True)
class Move:
    """A version reached a stage. `why` is promote, rollback, canary or archive; `share` the canary's share.

    `decision` is what allowed it. `number` counts all moves and notes of the registry from 1. A note is a line without
    a stage: `why` is then note, rehearsal, deploying, deployed or not_deployed.
    """

    number: int
    release: str
    version: int
    stage: str
    why: str
    decision: str
    time: str
    by: str = ""
    share: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class StagePolicy:
    """The policy that a stage requires from `time` on: its digest, and the file that declared it.

    `before` is the digest that it asked for until then (None: none, as nothing was promoted to it). `number` counts all
    such lines of the registry from 1; `note` is why it was changed.
    """

    number: int
    release: str
    stage: str
    policy: str
    file: str
    before: str | None
    time: str
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Registry:
    """The versions of one release, their moves, the notes on them and its stages' policies, each oldest first.

    Where versions stand follows from the moves alone, so that one line changes production from one to another.
    """

    versions: tuple[Version, ...] = ()
    moves: tuple[Move, ...] = ()
    notes: tuple[Move, ...] = ()
    policies: tuple[StagePolicy, ...] = ()

    def policy_of(self, stage: str) -> StagePolicy | None:
        """The policy that a stage requires; None where nothing was promoted to it since stages have one."""
        return next((policy for policy in reversed(self.policies) if policy.stage == stage), None)

    def version(self, number: int) -> Version | None:
        """The version with this number."""
        return next((one for one in self.versions if one.number == number), None)

    def stage_of(self, number: int) -> str:
        """Where a version stands: at the stage of its last move, and archived where another took its place there.

        Before its first move it is in dev.
        """
        later: list[str] = []
        for move in reversed(self.moves):
            if move.version == number:
                return ARCHIVED if move.stage in SINGLE and move.stage in later else move.stage
            later.append(move.stage)
        return DEV

    def standing(self, stage: str) -> Version | None:
        """The version that reached a stage last, and still is there."""
        for move in reversed(self.moves):
            if move.stage == stage and self.stage_of(move.version) == stage:
                return self.version(move.version)
        return None

    def before(self, stage: str) -> Version | None:
        """The version that stood at a stage before the one that stands there now, or that stood there last.

        Versions that were rolled back from do not count, nor do those that were archived since.
        """
        now = self.standing(stage)
        stood = [number for number in self._stood(stage) if now is None or number != now.number]
        return self.version(stood[-1]) if stood else None

    def _stood(self, stage: str) -> list[int]:
        """The numbers of the versions that can be gone back to at a stage, the one there now last."""
        stood: list[int] = []
        for move in self.moves:
            if move.stage == stage and move.why == ROLLBACK:
                stood = stood[: stood.index(move.version)] if move.version in stood else stood[:-1]
            if move.stage in (stage, ARCHIVED):
                stood = [number for number in stood if number != move.version]
            if move.stage == stage:
                stood.append(move.version)
        return stood

    def share(self) -> float | None:
        """The canary's share of the traffic; None without a canary."""
        now = self.standing(CANARY)
        if now is None:
            return None
        return next(move.share for move in reversed(self.moves) if move.version == now.number and move.stage == CANARY)
