"""The policy of a stage: kept by the registry from the first promotion on, and changed by a move of its own.

release.yaml says by which policy a candidate is judged, and anybody can write another one. So it is not release.yaml
that says which policy a stage requires.
"""

from __future__ import annotations

from pathlib import Path

from harness.core.decisions import Decision
from harness.core.errors import ConfigError, Problem
from harness.core.ids import short
from harness.core.releases import Release
from harness.core.versions import ARCHIVED, Registry, StagePolicy
from harness.pipeline.judging.judge import policy_digest
from harness.pipeline.lock import taking_turns
from harness.pipeline.registry.moving import who
from harness.pipeline.registry.project import project
from harness.pipeline.registry.read import changing, named_stage, registry
from harness.pipeline.workspace import Workspace, now
from harness.store.registry import add_policy, next_number


def other_policy(known: Registry, stage: str, decision: Decision) -> list[Problem]:
    """Why a stage does not take what was judged by this decision's policy; nothing where it does.

    A stage that asks for none yet takes any: the first promotion decides which it is from then on.
    """
    asked, judged = known.policy_of(stage), decision.digests.get("policy", "")
    if asked is None or asked.policy == judged:
        return []
    since = f"{asked.file}, since {asked.time}{f' by {asked.by}' if asked.by else ''}"
    message = (
        f"{stage} requires the policy {short(asked.policy)} ({since}), and decision {short(decision.id)} was taken by "
        f"{short(judged) or 'one that it does not name'}."
    )
    hint = f"Judge by that policy, or change what {stage} requires: `harness policy --to {stage} --because TEXT`."
    return [Problem(message, hint=hint)]


def keep_policy(release: Release, known: Registry, stage: str, decision: Decision) -> None:
    """Let a stage ask for the policy of its first promotion; the caller holds `changing`. Raises OutsideError."""
    if known.policy_of(stage) is None and "policy" in decision.digests:
        _add(Workspace(release.root), release, stage, decision.digests["policy"], None, "first promotion")


def change_policy(release: Release, stage: str, because: str) -> StagePolicy:
    """Let a stage ask for the release's policy as it is declared now: one line, with who, when and why.

    Raises ConfigError where it does so already, where nothing was promoted to it yet, or where no reason is given.
    """
    workspace, digest = Workspace(release.root), policy_digest(release.policy)
    if named_stage(stage) == ARCHIVED:
        raise ConfigError("archived versions are not judged, so that stage has no policy.")
    if not because.strip():
        raise ConfigError("a stage's policy changes for a reason: `--because TEXT` says it.")
    with changing(workspace, release.name):
        before = registry(workspace, release.name).policy_of(stage)
        if before is None:
            raise ConfigError(f"{stage} requires no policy yet: the first promotion to it decides which it is.")
        if before.policy == digest:
            raise ConfigError(f"{stage} requires this policy already: {short(digest)}, since {before.time}.")
        return _add(workspace, release, stage, digest, before.policy, because.strip())


def policies_of(file: Path) -> Registry:
    """The registry of a release.yaml, of which nothing but the name is read. Raises ConfigError, OutsideError."""
    declared = project(file)
    return registry(declared.workspace, declared.name)


def _add(
    workspace: Workspace, release: Release, stage: str, policy: str, before: str | None, note: str
) -> StagePolicy:  # fmt: skip
    with taking_turns(workspace):
        number, file = next_number(workspace.policies), release.policy_place.file
        added = StagePolicy(number, release.name, stage, policy, file, before, now(), who(), note)
        add_policy(workspace.policies, added)
    return added
