"""A version told in full: what it is made of, what it was found to be worth, and where it has been."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.core.decisions import Decision
from harness.core.versions import Move, Registry, Version
from harness.pipeline.canary.kept import analyses_of
from harness.pipeline.registry.deploy import undeployed
from harness.pipeline.registry.project import Project, project
from harness.pipeline.registry.read import named_version, registry
from harness.report.record import from_json, to_json


@dataclass(frozen=True, slots=True)
class Shown:
    """A version, the stage that it stands at, its decision (None: the record is gone), its moves and its notes.

    `canary` is what was found of it while it was a canary: the newest analysis of each step, oldest first.
    """

    version: Version
    stage: str
    decision: Decision | None
    moves: tuple[Move, ...] = ()
    notes: tuple[Move, ...] = ()
    share: float | None = None
    canary: tuple[dict[str, Any], ...] = ()

    @property
    def policy(self) -> str | None:
        """Digest of the policy that the version was judged by; None where that was not recorded."""
        return self.version.digests.get("policy")

    def as_json(self) -> dict[str, Any]:
        """As `harness show --json` prints it: `metrics` has a value with its bounds for each gate."""
        return {
            **asdict(self.version),
            "name": self.version.name,
            "stage": self.stage,
            "share": self.share,
            "verdict": str(self.decision.verdict) if self.decision else None,
            "policy": {"digest": self.policy, "file": self.version.provenance.get("policy_file")},
            "metrics": metrics_of(self.decision),
            "moves": [asdict(move) for move in self.moves],
            "notes": [asdict(note) for note in self.notes],
            "canary": list(self.canary),
        }


@dataclass(frozen=True, slots=True)
class Listed:
    """All versions of a release, newest first. `undeployed` says what is not on the cluster as the registry has it."""

    release: str
    versions: tuple[Shown, ...] = field(default_factory=tuple)
    undeployed: str | None = None


def listed(file: Path) -> Listed:
    """The versions of a release.yaml, of which no more is read than its name. Raises ConfigError, OutsideError."""
    given = project(file)
    known = registry(given.workspace, given.name)
    versions = tuple(_shown(given, known, version) for version in reversed(known.versions))
    return Listed(given.name, versions, undeployed(known))


def show(file: Path, word: str) -> Shown:
    """The version that `v3` names. Raises ConfigError where there is none."""
    given = project(file)
    known = registry(given.workspace, given.name)
    return _shown(given, known, named_version(known, word))


def metrics_of(decision: Decision | None) -> list[dict[str, Any]]:
    """What each gate found: `value`, `low` and `high` of the candidate, or of its difference from a baseline.

    Numbers that are not known are None, with the `reason`.
    """
    if decision is None:
        return []
    results = zip(to_json(decision)["results"], decision.results, strict=True)  # type: ignore[call-overload]
    return [_metric(record, result.gate.id, result.gate.what) for record, result in results]


def _metric(record: dict[str, Any], gate: str, what: str) -> dict[str, Any]:
    evidence = record["finding"]["evidence"]
    return {
        "gate": gate,
        "metric": what,
        "verdict": record["verdict"],
        "value": evidence.get("value", evidence.get("candidate")),
        "baseline": evidence.get("baseline"),
        "difference": evidence.get("difference"),
        "low": evidence.get("low"),
        "high": evidence.get("high"),
        "level": evidence.get("level"),
        "threshold": record["gate"]["threshold"],
        "reason": evidence.get("reason") or record["finding"]["reason"],
        "sentence": record["sentence"],
    }


def _shown(given: Project, known: Registry, version: Version) -> Shown:
    stage = known.stage_of(version.number)
    return Shown(
        version,
        stage,
        decision_of(given, version),
        tuple(move for move in known.moves if move.version == version.number),
        tuple(note for note in known.notes if note.version == version.number),
        known.share() if stage == "canary" else None,
        tuple(analyses_of(given.workspace, version.number)),
    )


def decision_of(given: Project, version: Version) -> Decision | None:
    """The decision that a version was recorded by; None where its record is gone, or is none."""
    import json

    try:
        return from_json(json.loads(given.workspace.decision(version.decision).read_bytes()))
    except (OSError, ValueError):
        return None
