"""Back to the last good version, in one line of a file, after its artefacts were found whole."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.errors import ConfigError, HarnessError, Problem
from harness.core.ids import short
from harness.core.versions import ARCHIVED, CANARY, PRODUCTION, REHEARSAL, ROLLBACK, STAGING, Registry, Version
from harness.pipeline.judging.ids import record_id
from harness.pipeline.registry.artefacts import problems
from harness.pipeline.registry.deploy import deployed
from harness.pipeline.registry.moving import annotate, move
from harness.pipeline.registry.project import Project, as_it_lies, project
from harness.pipeline.registry.read import changing, named_version, registry


@dataclass(frozen=True, slots=True)
class Rollback:
    """What was done, or was rehearsed: from which version (None: none stood there) to which, and how long it took.

    `seconds` is by step: adapter, base, decision, move or served. `trouble` is what a rehearsal found in the way.
    """

    stage: str
    before: Version | None
    version: Version
    seconds: dict[str, float] = field(default_factory=dict)
    trouble: tuple[Problem, ...] = ()


def rollback(file: Path, to: str | None = None, note: str = "") -> Rollback:
    """Bring the last good version back to production, or the one that `to` names.

    The adapter is hashed in full, the base is told by its recorded digest, size and time, the decision by its id.
    Raises ConfigError where there is nothing to go back to, or where it is not as it was: then nothing is moved.
    """
    given = project(file)
    deploy = _deployer(given)
    with changing(given.workspace, given.name):
        known = registry(given.workspace, given.name)
        now, target = known.standing(PRODUCTION), _target(known, to)
        seconds, trouble = checked(given, target)
        if trouble:
            raise ConfigError(trouble)
        with _timed(seconds, "move"), deployed(given.workspace, given.kind, target, PRODUCTION, deploy):
            move(given.workspace, target, PRODUCTION, ROLLBACK, note)
    return Rollback(PRODUCTION, now, target, seconds)


def withdraw(file: Path, note: str = "") -> Version:
    """Take the canary out of the traffic: it goes back to staging. Raises ConfigError where there is none."""
    given = project(file)
    deploy = _deployer(given)
    with changing(given.workspace, given.name):
        canary = registry(given.workspace, given.name).standing(CANARY)
        if canary is None:
            raise ConfigError("there is no canary to withdraw. `harness versions` lists where versions stand.")
        with deployed(given.workspace, given.kind, canary, CANARY, deploy):
            move(given.workspace, canary, STAGING, ROLLBACK, note)
    return canary


def rehearse(file: Path, to: str | None = None, serve: Callable[[Version], str] | None = None) -> Rollback:
    """All of a rollback but the move, timed and noted in the registry; what is in the way is told, not raised.

    `serve` really serves the version, and gives how it was proven to be the one that answers.
    """
    given = project(file)
    with changing(given.workspace, given.name):
        known = registry(given.workspace, given.name)
        target = _target(known, to)
        seconds, trouble = checked(given, target)
        if serve and not trouble:
            try:
                with _timed(seconds, "served"):
                    serve(target)
            except HarnessError as error:
                trouble = [Problem(f"{target.name} could not be served: {error}")]
        told = ", ".join(f"{step} {value:.3f} s" for step, value in seconds.items())
        found = "; ".join(map(str, trouble)) or "nothing is in the way"
        annotate(given.workspace, target, f"rollback to {target.name} rehearsed: {found} ({told})", REHEARSAL)
    return Rollback(PRODUCTION, known.standing(PRODUCTION), target, seconds, tuple(trouble))


def checked(given: Project, version: Version) -> tuple[dict[str, float], list[Problem]]:
    """How long each check of a version's artefacts took, and all that is not as it was."""
    seconds: dict[str, float] = {}
    found: list[Problem] = []
    for name, check in (("adapter", _adapter), ("base", _base), ("decision", _decision)):
        with _timed(seconds, name):
            found += check(given, version)
    return seconds, found


def _target(known: Registry, to: str | None) -> Version:
    now = known.standing(PRODUCTION)
    found = named_version(known, to) if to else known.before(PRODUCTION)
    if found is None:
        there = f"{now.name} is the only version that was in it" if now else "no version ever was in it"
        raise ConfigError(f"there is nothing to go back to in production: {there}.")
    if now and found.number == now.number:
        raise ConfigError(f"{found.name} is in production already.")
    stood = any(move.version == found.number and move.stage == PRODUCTION for move in known.moves)
    if not stood:
        raise ConfigError(f"{found.name} never was in production: `harness promote --version {found.name}` brings it.")
    last = [move.stage for move in known.moves if move.version == found.number][-1]
    if last == ARCHIVED:
        raise ConfigError(f"{found.name} is archived: `harness promote --version {found.name}` brings it back.")
    return found


def _adapter(given: Project, version: Version) -> Iterator[Problem]:
    yield from problems(given.workspace.adapter(version.adapter_digest), version.adapter_digest)


def _base(given: Project, version: Version) -> Iterator[Problem]:
    try:
        found = as_it_lies(given.workspace, version, given.base_model, given.home).base_digest
    except HarnessError as error:
        yield Problem(f"the base model of {version.name}: {error}")
        return
    if found != version.base_digest:
        yield Problem(f"the base model is another: {version.name} was made from {short(version.base_digest)}, and "
                      f"{short(found)} lies here.")  # fmt: skip


def _decision(given: Project, version: Version) -> Iterator[Problem]:
    path = given.workspace.decision(version.decision)
    named = f"the decision {short(version.decision)} that allowed {version.name}"
    try:
        record = json.loads(path.read_bytes())
        intact = record["id"] == record_id(record) == version.decision
        judged = record["candidate"]["adapter_digest"] == version.adapter_digest
        passed = record["verdict"] == "PASS"
    except OSError:
        yield Problem(f"{named} is gone.", file=str(path), hint="Put its record back.")
    except (ValueError, KeyError, TypeError):
        yield Problem(f"{named} is no record.", file=str(path), hint="Put it back as it was.")
    else:
        if not (intact and judged):
            yield Problem(f"{named} was edited after it was written.", file=str(path), hint="Put it back as it was.")
        elif not passed:
            yield Problem(f"{named} is no PASS.", file=str(path))


def _deployer(given: Project) -> Callable[[], str]:
    """How a cluster is brought to the registry; the release is read before anything moves."""
    if given.kind != "kubernetes":
        return lambda: ""
    from harness.pipeline.manifests import deploy
    from harness.pipeline.validate import validate

    release = validate(given.file)
    return lambda: deploy(release)


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Put the seconds of the block under a name."""
    began = time.perf_counter()
    try:
        yield
    finally:
        seconds[name] = time.perf_counter() - began
