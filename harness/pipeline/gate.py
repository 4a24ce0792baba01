"""The whole chain: whatever is not there yet is done, then the runs are judged and reported."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.decisions import Decision
from harness.core.errors import ExitCode, HarnessError
from harness.core.events import Event, Watch
from harness.core.releases import Release
from harness.core.verdicts import Role, Verdict
from harness.pipeline.candidate import Candidate
from harness.pipeline.checking.hand_written import judge_with_checks
from harness.pipeline.data.leaks import refuse_leaks
from harness.pipeline.declaration import keep_declaration
from harness.pipeline.judging.attempts import data_of, read_attempts
from harness.pipeline.judging.evidence import Material
from harness.pipeline.judging.judge import Judgement, infrastructure_failed, judge
from harness.pipeline.judging.material import candidate_json, stored
from harness.pipeline.lock import locked
from harness.pipeline.needs import check_needs
from harness.pipeline.running.reruns import suites_to_rerun
from harness.pipeline.running.runs import do_runs, look_at_hand, plan_runs
from harness.pipeline.tracking import track_decision
from harness.pipeline.training.make import candidate
from harness.pipeline.workspace import Workspace, now
from harness.report.record import from_json, to_json
from harness.store.database import opened
from harness.store.files import write_lines
from harness.store.reader import decision as stored_decision
from harness.store.registers import add_attempt
from harness.store.signing import Signer, drop_foreign, sign, write_signed
from harness.store.writer import add_decision

if TYPE_CHECKING:
    from harness.pipeline.report import Reports


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision and where it was written; `exit_code` is what the command returns.

    `unreported` says why there are no reports where some were wanted: the decision stands without them. `began` is when
    the command did, an ISO time: runs that are older were not asked by it.
    """

    decision: Decision
    reports: Reports | None
    record: Path
    exit_code: ExitCode
    unreported: str = ""
    began: str = ""


def gate(
    release: Release,
    watch: Watch,
    report: bool = True,
    cached: bool = True,
    sign_by: Signer | None = None,
    again: Sequence[str] | None = None,
) -> Outcome:
    """Train, serve, run, judge and report, each only where it is not done already.

    With `cached`, samples that the same model was asked in another run are not asked again. With `sign_by` the decision
    is signed, beside decision.json. The suites that `again` names ("": all of them) are asked anew; their older runs
    stay. Raises ConfigError where a suite has no such name.
    """
    check_needs(release)
    workspace, began, anew = Workspace(release.root), now(), suites_to_rerun(release, again)
    with locked(workspace):
        refuse_leaks(release)
        judged = candidate(release, watch)
        decision, material = _look_by_look(release, judged, watch, cached, anew)
        decision = _kept(release, decision, material, workspace)
        watch(Event("judge", "done", decision.id[:12]))
        track_decision(release, decision, judged, watch)
        record = workspace.reports(release.name) / "decision.json"
        beside = record.with_name("decision.intoto.json")
        if sign_by is not None:
            envelope = sign(to_json(decision), sign_by)
            write_signed(envelope, workspace.signature(decision.id), beside)
        elif drop_foreign(beside, to_json(decision)):
            watch(Event("sign", "note", f"{beside.name} was the signature of another decision, and is removed"))
        reports, unreported = _reported(release, decision, judged) if report else (None, "")
    return Outcome(decision, reports, record, exit_code(decision), unreported, began)


def _reported(release: Release, decision: Decision, judged: Candidate) -> tuple[Reports | None, str]:
    """The pages, or why there are none: a page that cannot be made never undoes what was decided."""
    from harness.pipeline.report import write_reports  # a fifteenth of a second, where no page is wanted

    try:
        return write_reports(release, decision, judged), ""
    except HarnessError as error:
        return None, str(error)


def exit_code(decision: Decision) -> ExitCode:
    """The exit code of a verdict."""
    if decision.verdict is Verdict.ERROR:
        return ExitCode.OUTSIDE if infrastructure_failed(decision) else ExitCode.CONFIG
    return ExitCode[decision.verdict.name]


def _look_by_look(
    release: Release, judged: Candidate, watch: Watch, cached: bool, anew: frozenset[str]
) -> tuple[Decision, Material]:
    """Run and judge, at the first of the declared looks that is not done yet and on, until every gate is decided."""
    who, plan, look = candidate_json(judged, release), None, (None if anew else look_at_hand(release, judged)) or 1
    while True:
        plan = plan_runs(release, judged, look=look, before=plan, again=anew)
        do_runs(release, judged, plan, watch, cached)
        material = stored(release, plan)
        of = f", look {look} of {release.policy.looks}" if release.policy.looks > 1 else ""
        watch(Event("judge", "begin", f"{len(release.policy.gates)} gates{of}"))
        attempts = read_attempts(Workspace(release.root), material, who)
        decision = judge(release, material, who, now(), attempts, look)
        if look >= release.policy.looks or is_settled(decision):
            return judge_with_checks(Judgement(release, material, decision)), material
        look += 1


def is_settled(decision: Decision) -> bool:
    """Whether every gate that counts is decided, or can't be, so that more samples need not be asked."""
    counting = [result for result in decision.results if result.gate.role is not Role.ADVISORY]
    return all(result.verdict is not Verdict.INCONCLUSIVE for result in counting)


def _kept(release: Release, decision: Decision, material: Material, workspace: Workspace) -> Decision:
    """The decision, stored. The same evidence judged again is the same decision, with its first date."""
    with opened(workspace.store) as connection:
        earlier = stored_decision(connection, decision.id)
        if earlier is not None:
            decision = from_json(earlier)
        record = to_json(decision)
        text = json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        for path in (workspace.decision(decision.id), workspace.reports(release.name) / "decision.json"):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_lines(path, [text.encode()])
        keep_declaration(release, decision.id)
        add_decision(connection, record)
        attempt = {"time": now(), "decision": decision.id, "verdict": str(decision.verdict), "release": release.name}
        told = {"runs": record["runs"], "candidate": decision.candidate["adapter_digest"], "data": data_of(material)}
        add_attempt(connection, workspace.attempts, {**attempt, **told})
    return decision
