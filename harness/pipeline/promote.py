"""Promotion: a version is recorded only for the very adapter that a stored PASS was given to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.core.decisions import Decision
from harness.core.errors import ConfigError, ExitCode, HarnessError
from harness.core.releases import Release
from harness.core.verdicts import Verdict
from harness.pipeline.candidate import Candidate, adapter_digest
from harness.pipeline.decisions import find_decision
from harness.pipeline.judging.waive import expired_since
from harness.pipeline.lock import locked
from harness.pipeline.verifying.verify import not_given_again
from harness.pipeline.workspace import Workspace, now
from harness.report.record import to_json
from harness.store.database import opened
from harness.store.registers import add_version
from harness.store.signing import check_signed, verifier

STAGES = ("dev", "staging", "canary", "production")


class NotPromoted(HarnessError):
    """The decision is no PASS: the gate's own exit code says which kind of no."""

    def __init__(self, message: str, code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = code


@dataclass(frozen=True, slots=True)
class Promotion:
    """What was recorded."""

    version: int
    stage: str
    decision: Decision


def promote(release: Release, stage: str, prefix: str | None, find: Candidate, key: Path | None = None) -> Promotion:
    """Record a version. `find` is the candidate as it lies on this disk now; with `key` the decision has to be signed.

    Raises NotPromoted where the decision is no PASS, ConfigError where it is about other bytes or other rules.
    """
    workspace = Workspace(release.root)
    decision = find_decision(release, workspace, prefix)
    if decision.verdict is not Verdict.PASS:
        codes = {Verdict.FAIL: ExitCode.FAIL, Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE}
        code = codes.get(decision.verdict, ExitCode.CONFIG)
        raise NotPromoted(f"decision {decision.id[:12]} is {decision.verdict}, not PASS: {decision.reason}", code)
    if key is not None:
        check_signed(workspace.signature(decision.id), to_json(decision), verifier(key))
    _still_waived(decision)
    _same_bytes(release, decision, find)
    _same_evidence(release, decision, workspace)
    with locked(workspace), opened(workspace.store) as connection:
        number = add_version(
            connection, workspace.versions, release.name, find.adapter_digest, find.base_digest, decision.id, stage,
            now(),
        )  # fmt: skip
    return Promotion(number, stage, decision)


def _still_waived(decision: Decision) -> None:
    """A waiver ends for what was decided by it, too: the day of promotion counts."""
    over = expired_since(decision, now())
    if over:
        named = ", ".join(f"{one.gate} (owner {one.owner}) expired on {one.expires}" for one in over)
        raise ConfigError(f"decision {decision.id[:12]} rests on a waiver that is over: {named}. Run `harness gate`.")


def _same_bytes(release: Release, decision: Decision, find: Candidate) -> None:
    on_disk = adapter_digest(find.adapter, release.file)
    for name, found in (("adapter_digest", on_disk), ("base_digest", find.base_digest)):
        judged = str(decision.candidate[name])
        if judged != found:
            what = name.removesuffix("_digest")
            raise ConfigError(
                f"decision {decision.id[:12]} was given to the {what} {judged[:12]}, but {found[:12]} lies here. "
                "Run `harness gate` on what is to be promoted."
            )


def _same_evidence(release: Release, decision: Decision, workspace: Workspace) -> None:
    """Judge the stored runs again by the policy as it stands: it must give this very decision."""
    found = not_given_again(release, decision, workspace)
    if found:
        raise ConfigError(
            f"decision {decision.id[:12]} does not follow from the stored runs and today's release.yaml: "
            f"{'; '.join(found)}. Run `harness gate` again."
        )
