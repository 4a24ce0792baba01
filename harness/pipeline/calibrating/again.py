"""What the policy of a release says of a model beside itself, and of the candidates that were judged before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from harness import catalog
from harness.core.decisions import Decision, Finding
from harness.core.ids import digest_json, short
from harness.core.metric_refs import MEASURED_RUN, metric_refs
from harness.core.policies import Gate
from harness.core.releases import Release
from harness.core.runs import Run
from harness.core.verdicts import Role, Verdict
from harness.gates.interface import Evidence, Rule
from harness.pipeline.judging.evidence import Material, evidence_for
from harness.pipeline.judging.judge import judge, verdicts
from harness.pipeline.judging.material import read_material
from harness.pipeline.looks import alpha_of, at_look
from harness.pipeline.workspace import Workspace
from harness.report.record import from_json
from harness.stats.series import Settings
from harness.store import reader
from harness.store.database import opened

ITSELF = "itself"


@dataclass(frozen=True, slots=True)
class SameModel:
    """A comparing gate on a model beside itself: one run twice (`two_runs` False), or two real runs."""

    gate: Gate
    model: str
    two_runs: bool
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier candidate under today's policy: the verdict it got, the one it would get, the gates that block it.

    `now` is None where it can't be judged again; `reason` says why.
    """

    decision: str
    decided: str
    candidate: str
    then: Verdict
    now: Verdict | None
    blocked_by: tuple[Gate, ...] = ()
    reason: str = ""


def with_itself(release: Release, material: Material, look: int) -> list[SameModel]:
    """Every comparing gate on each stored run, in the place of the candidate's and of the baseline's."""
    return [
        found
        for role, suites in material.items()
        for found in _judged(release, {"candidate": suites, ITSELF: suites}, look, role, two_runs=False)
    ]


def with_second_runs(release: Release, workspace: Workspace, look: int) -> list[SameModel]:
    """Every comparing gate on two real runs of one model on the same suite, either of them as the candidate's."""
    digests = {suite.digest for suite in at_look(release, look).suites}
    with opened(workspace.store, read_only=True) as connection:
        known = [run for run in reader.runs(connection) if run.suite_digest in digests and run.suite != MEASURED_RUN]
    found = []
    for first, second in _of_one_model(known):
        ids = {"candidate": {first.suite: first.id}, ITSELF: {second.suite: second.id}}
        there = read_material(workspace, ids)
        for pair in (there, {"candidate": there[ITSELF], ITSELF: there["candidate"]}):
            model = f"{first.model.role}, runs {short(first.id)} and {short(second.id)}"
            found += [one for one in _judged(release, pair, look, model, two_runs=True) if one.verdict != Verdict.ERROR]
    return found


def _of_one_model(runs: Iterable[Run]) -> list[tuple[Run, Run]]:
    """Each run with the next of the same model on the same suite, oldest first."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(digest_json([run.suite_digest, run.model.identity]), []).append(run)
    return [pair for group in groups.values() for pair in pairwise(group)]


def _judged(release: Release, material: Material, look: int, model: str, *, two_runs: bool) -> list[SameModel]:
    """The comparing gates of the suites at hand, judged together."""
    suites, refs = material["candidate"], metric_refs(release.suites)
    gates = [replace(gate, against=ITSELF) for gate in release.policy.gates
             if gate.against and gate.metric in refs and refs[gate.metric].suite in suites]  # fmt: skip
    alphas = [alpha_of(gate, release, look) for gate in gates]
    findings = [_finding(gate, release, material, alpha) for gate, alpha in zip(gates, alphas, strict=True)]
    found = verdicts(release.policy, findings, alphas)
    return [
        SameModel(gate, model, two_runs, verdict, finding.reason)
        for gate, verdict, finding in zip(gates, found, findings, strict=True)
    ]


def _finding(gate: Gate, release: Release, material: Material, alpha: float) -> Finding:
    policy = release.policy
    evidence = evidence_for(gate, metric_refs(release.suites), material, policy)
    if not isinstance(evidence, Evidence):
        return evidence
    rule: Rule = catalog.build("gates", gate.rule, {"threshold": gate.threshold})
    return rule.find(evidence, Settings(alpha, policy.resamples, policy.seed, policy.min_samples, policy.looks == 0))


def back_test(release: Release, workspace: Workspace) -> list[Past]:
    """Today's gates on every candidate that was judged before in this release, oldest first; of those whose runs were
    judged several times the newest decision. Waivers and the limit of attempts are left out: they are no thresholds."""
    with opened(workspace.store, read_only=True) as connection:
        rows = reader.decisions(connection, release.name)
        records = [reader.decision(connection, row.id) for row in rows]
        known = {run.id for run in reader.runs(connection)}
    newest: dict[str, Decision] = {}
    for decision in (from_json(record) for record in records if record is not None):
        newest.setdefault(digest_json(decision.runs.get("candidate", {})), decision)
    today = replace(release, waivers=(), policy=replace(release.policy, max_attempts=None))
    return [_past(today, workspace, decision, known) for decision in reversed(newest.values())]


def _past(release: Release, workspace: Workspace, decision: Decision, known: Iterable[str]) -> Past:
    adapter = decision.candidate.get("adapter_digest")
    told = (decision.id, decision.decided, short(str(adapter)), decision.verdict)
    gone = [run for suites in decision.runs.values() for run in suites.values() if run not in known]
    if gone or not all(_is_there(workspace, run) for suites in decision.runs.values() for run in suites.values()):
        return Past(*told, None, reason="its runs are gone")
    look = decision.looks[0] if decision.looks[1] == max(1, release.policy.looks) else None
    material = read_material(workspace, decision.runs)
    if _other_suites(release, material, look):
        return Past(*told, None, reason="it was judged on other suites")
    found = judge(release, material, decision.candidate, decision.decided, look=look)
    if found.verdict is Verdict.ERROR:
        return Past(*told, None, reason=found.reason)
    return Past(*told, found.verdict, tuple(one.gate for one in found.results if _blocks(one.gate.role, one.verdict)))


def _is_there(workspace: Workspace, run: str) -> bool:
    return (workspace.run(run) / "manifest.json").is_file()


def _other_suites(release: Release, material: Material, look: int | None) -> bool:
    asked = {suite.name: suite.digest for suite in at_look(release, look or max(1, release.policy.looks)).suites}
    runs: Mapping[str, str] = {suite: judged.run.suite_digest for suite, judged in material["candidate"].items()}
    return any(runs.get(name) != digest for name, digest in asked.items())


def _blocks(role: Role, verdict: Verdict) -> bool:
    """Whether the threshold of a gate of this role keeps a release back; an ERROR is not the threshold's."""
    must_pass = role in (Role.CRITICAL, Role.GATING)
    return role is not Role.ADVISORY and (verdict is Verdict.FAIL or (must_pass and verdict is Verdict.INCONCLUSIVE))


def blocks(past: Sequence[Past]) -> dict[Gate, int]:
    """How many of the candidates that can be judged again each gate keeps back."""
    counts: dict[Gate, int] = {}
    for one in past:
        for gate in one.blocked_by:
            counts[gate] = counts.get(gate, 0) + 1
    return counts
