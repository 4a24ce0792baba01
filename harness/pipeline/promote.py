"""Promotion: a version reaches a stage only where the very adapter has a PASS that `harness verify` gives again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.core.decisions import Decision
from harness.core.errors import ConfigError, ExitCode, HarnessError, Problem
from harness.core.releases import Release
from harness.core.verdicts import Verdict
from harness.core.versions import ARCHIVED, CANARY, PROMOTE, Registry, Version
from harness.pipeline.candidate import Candidate
from harness.pipeline.decisions import find_decision
from harness.pipeline.lock import taking_turns
from harness.pipeline.registry.artefacts import keep
from harness.pipeline.registry.deploy import deployed, deployer, undeployed
from harness.pipeline.registry.evidence import missing
from harness.pipeline.registry.moving import may_leave, move
from harness.pipeline.registry.policies import keep_policy, other_policy
from harness.pipeline.registry.read import changing, named_stage, named_version, registry
from harness.pipeline.registry.record import record, version_of
from harness.pipeline.workspace import Workspace
from harness.store.database import opened
from harness.store.registers import load_registry

Find = Callable[[Version | None], Candidate]


class NotPromoted(HarnessError):
    """The decision is no PASS: the gate's own exit code says which kind of no."""

    def __init__(self, message: str, code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted: a stage, and by which decision or version (None: the newest decision's candidate).

    `share` is the canary's part of the traffic, between 0 and 1; `key` the public key that the decision is signed by.
    """

    stage: str
    decision: str | None = None
    version: str | None = None
    share: float | None = None
    note: str = ""
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Promotion:
    """What was recorded. `moved` is False where the version stood there already; `before` left the stage for it."""

    version: Version
    stage: str
    decision: Decision
    moved: bool = True
    before: Version | None = None


def promote(release: Release, asked: Asked, find: Find) -> Promotion:
    """Bring a version to a stage; `find` gives it, or the release's candidate for None, as it lies on this disk now.

    Its adapter is copied first, then the version's line is written, then the move's: killed anywhere, the registry
    says what was so before, and the same command does the rest. Raises NotPromoted where the decision is no PASS,
    ConfigError with all else that is missing, OutsideError where another promotion is under way.
    """
    workspace, stage = Workspace(release.root), named_stage(asked.stage)
    _check_share(asked, stage)
    if stage == ARCHIVED:
        raise ConfigError("a version is archived by `harness archive v3`: that needs no decision.")
    with changing(workspace, release.name):
        known = registry(workspace, release.name)
        version = named_version(known, asked.version) if asked.version else None
        decision = find_decision(release, workspace, _decision_of(version, asked.decision))
        found = find(version)
        problems = missing(release, decision, found, asked.key, version)
        _check(decision, [*problems, *other_policy(known, stage, decision)])
        version = version or version_of(known, found.adapter_digest, decision.id)
        if version:
            may_leave(known, version, stage, PROMOTE)
        return _moved(release, asked, known, found, decision)


def _moved(release: Release, asked: Asked, known: Registry, found: Candidate, decision: Decision) -> Promotion:
    workspace, stage = Workspace(release.root), asked.stage
    with taking_turns(workspace):  # the other release may promote the same adapter
        keep(workspace, found.adapter, found.adapter_digest)
    version = record(release, known, found, decision)
    keep_policy(release, known, stage, decision)
    share = (asked.share or release.canary.shares[0]) if stage == CANARY else None
    stood = known.stage_of(version.number) == stage and any(one.version == version.number for one in known.moves)
    if stood and (share is None or share == known.share()) and not undeployed(known):
        _into_store(workspace)
        return Promotion(version, stage, decision, moved=False)
    before = known.standing(stage)
    with deployed(workspace, release.serve.kind, version, stage, deployer(release)):
        move(workspace, version, stage, PROMOTE, asked.note, share, decision.id)
    _into_store(workspace)
    return Promotion(version, stage, decision, before=None if before == version else before)


def _check(decision: Decision, problems: list[Problem]) -> None:
    if decision.verdict is Verdict.PASS:
        if problems:
            raise ConfigError(problems)
        return
    codes = {Verdict.FAIL: ExitCode.FAIL, Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE}
    message = f"decision {decision.id[:12]} is {decision.verdict}, not PASS: {decision.reason}"
    raise NotPromoted("\n".join([message, *map(str, problems)]), codes.get(decision.verdict, ExitCode.CONFIG))


def _check_share(asked: Asked, stage: str) -> None:
    if asked.share is not None and stage != CANARY:
        raise ConfigError(f"--share is the canary's part of the traffic; in {stage} a version gets all of it.")


def _decision_of(version: Version | None, prefix: str | None) -> str | None:
    if version is None:
        return prefix
    if prefix and not version.decision.startswith(prefix):
        raise ConfigError(f"{version.name} was recorded by decision {version.decision[:12]}, not by '{prefix}'.")
    return version.decision


def _into_store(workspace: Workspace) -> None:
    with opened(workspace.store) as connection:
        load_registry(connection, workspace.versions, workspace.moves)
