"""What has to be so before a version may reach a stage: each check tells all that is missing, and stops nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.base_models.adapters import adapter_problems
from harness.core.decisions import Decision
from harness.core.errors import ConfigError, Problem
from harness.core.ids import short
from harness.core.releases import Release
from harness.core.times import age_of, spelled
from harness.core.versions import Version
from harness.pipeline.candidate import Candidate
from harness.pipeline.declaration import is_todays_declaration
from harness.pipeline.judging.waive import expired_since
from harness.pipeline.registry.artefacts import problems
from harness.pipeline.running.reruns import may_change, stored_run
from harness.pipeline.verifying.verify import not_given_again, verify
from harness.pipeline.workspace import Workspace, now
from harness.report.record import to_json
from harness.store.signing import check_signed, verifier


def missing(
    release: Release, decision: Decision, found: Candidate, key: Path | None, version: Version | None = None
) -> list[Problem]:
    """All that keeps a candidate from a stage, beside its verdict; nothing where nothing does.

    `found` is base and adapter as they lie on this disk. With `key` the decision has to be signed. A known `version`
    was judged by the release of its own time; today's policy has to be the same.
    """
    return [
        *_signed(Workspace(release.root), decision, key),
        *_still_waived(decision),
        *_too_old(release, decision),
        *_other_bytes(decision, found),
        *_unfit(found, release.candidate.base_model),
        *_evidence(release, decision, version),
    ]


def _signed(workspace: Workspace, decision: Decision, key: Path | None) -> Iterator[Problem]:
    if key is not None:
        try:
            check_signed(workspace.signature(decision.id), to_json(decision), verifier(key))
        except ConfigError as error:
            yield from error.problems


def _still_waived(decision: Decision) -> Iterator[Problem]:
    """A waiver ends for what was decided by it, too: the day of promotion counts."""
    over = expired_since(decision, now())
    if over:
        named = ", ".join(f"{one.gate} (owner {one.owner}) expired on {one.expires}" for one in over)
        yield Problem(f"decision {short(decision.id)} rests on a waiver that is over: {named}. Run `harness gate`.")


def _too_old(release: Release, decision: Decision) -> Iterator[Problem]:
    """Runs of names that can move, by the day of promotion. Decisions of earlier harnesses are not held to it."""
    workspace, limit = Workspace(release.root), release.policy.max_age
    anchors = {one.name for one in release.baselines if one.kind == "anchor"}  # these are what they were
    asked = {role: suites for role, suites in decision.runs.items() if role not in anchors and decision.asked}
    ids = {run for suites in asked.values() for run in suites.values()}
    runs = [run for one in sorted(ids) if (run := stored_run(workspace.run(one)))]  # verify names what is gone
    allowed = sum(run.seconds for run in runs) + (limit or 0.0)
    for run in runs if limit is not None else ():
        age = age_of(run, now()) if may_change(run.server) else 0.0
        if age > allowed:
            yield Problem(
                f"decision {short(decision.id)} rests on a run of {run.suite} against the {run.model.role} that was "
                f"asked {spelled(age)} ago, of a model that is known by its address and name alone; policy.max_age is "
                f"{spelled(limit or 0.0)}.",
                hint="Run `harness gate`: it asks such runs anew.",
            )


def _other_bytes(decision: Decision, found: Candidate) -> Iterator[Problem]:
    for what, here in (("adapter", found.adapter_digest), ("base", found.base_digest)):
        judged = str(decision.candidate[f"{what}_digest"])
        if judged != here:
            yield Problem(
                f"decision {short(decision.id)} was given to the {what} {short(judged)}, but {short(here)} lies here.",
                hint="Run `harness gate` on what is to be promoted.",
            )


def _unfit(found: Candidate, spec: str) -> Iterator[Problem]:
    yield from problems(found.adapter, found.adapter_digest)
    for sentence in adapter_problems(found.adapter, found.base, spec):
        yield Problem(f"the adapter {short(found.adapter_digest)}: {sentence}")


def _evidence(release: Release, decision: Decision, version: Version | None) -> Iterator[Problem]:
    """What `harness verify` says of the decision; of a new version also whether today's release gives it again."""
    workspace = Workspace(release.root)
    try:
        verify(workspace.decision(decision.id), release.root / release.file)
    except ConfigError as error:
        yield from error.problems
        yield _not_given(decision, ["see above"])
        return
    if version is None and not _declared_so(release, decision):
        found = not_given_again(release, decision, workspace)
    else:
        found = [] if version is None else _other_policy(release, decision)
    if found:
        yield _not_given(decision, found)


def _not_given(decision: Decision, why: list[str]) -> Problem:
    return Problem(
        f"decision {short(decision.id)} does not follow from the stored runs and today's release.yaml: "
        f"{'; '.join(why)}.",
        hint="Run `harness gate` again.",
    )


def _declared_so(release: Release, decision: Decision) -> bool:
    """Whether today's release.yaml is the decision's own, which was judged just now."""
    same = is_todays_declaration(release, decision.id)
    return same and release.waivers == tuple(use.waiver for use in decision.waivers)


def _other_policy(release: Release, decision: Decision) -> list[str]:
    from harness.pipeline.judging.judge import policy_digest

    then, today = decision.digests.get("policy", ""), policy_digest(release.policy)
    return [] if then == today else [f"the policy is another: {short(then)} then, {short(today)} today"]
