"""For each gate the evidence that it is judged on, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.core.decisions import Finding
from harness.core.estimates import Unestimable
from harness.core.metric_refs import ERRORS, LATENCY, MetricRef
from harness.core.releases import Gate, Policy
from harness.core.runs import MetricInfo, Run, TaskResult
from harness.core.samples import Outcome
from harness.core.verdicts import Verdict
from harness.gates.interface import Evidence
from harness.pipeline.series import error_series, latency_series, series_of


@dataclass(frozen=True, slots=True)
class Judged:
    """A stored run with its results by task."""

    run: Run
    results: Mapping[str, TaskResult]


# role ("candidate" or a baseline's name) -> suite -> run
Material = Mapping[str, Mapping[str, Judged]]


def evidence_for(gate: Gate, refs: Mapping[str, MetricRef], material: Material, policy: Policy) -> Evidence | Finding:
    """The series that the gate needs; a Finding with the verdict ERROR where they cannot be had."""
    candidate = material["candidate"]
    if gate.metric in LATENCY or gate.metric == ERRORS:
        results = [result for judged in candidate.values() for result in judged.results.values()]
        q = LATENCY.get(gate.metric)
        return Evidence(error_series(results) if q is None else latency_series(results, q))
    ref = refs[gate.metric]
    ours = candidate[ref.suite]
    result, info = ours.results[ref.task], _info(ours.run, ref)
    lost = _lost(result, policy, "candidate")
    if lost:
        return lost
    series = series_of(result, info, favour=False)
    if gate.against is None:
        return Evidence(series)
    theirs = material[gate.against][ref.suite]
    other = theirs.results[ref.task]
    lost = _lost(other, policy, gate.against)
    if lost:
        return lost
    differences = _incomparable(result, other, info, _info(theirs.run, ref))
    if differences:
        return error(f"candidate and {gate.against} can't be compared: {differences}")
    return Evidence(series, series_of(other, info, favour=True))


def error(reason: str) -> Finding:
    """A finding that nothing can be judged."""
    return Finding(Unestimable(reason), 0.0, verdict=Verdict.ERROR, reason=reason)


def _info(run: Run, ref: MetricRef) -> MetricInfo:
    return next(info for info in run.metrics[ref.task] if info.name == ref.metric)


def _lost(result: TaskResult, policy: Policy, role: str) -> Finding | None:
    """More samples lost to the infrastructure than the policy allows: the run is no evidence."""
    lost = sum(answer.outcome is Outcome.NOT_EVALUATED for answer in result.answers)
    if not result.answers:
        return error(f"the {role}'s run has no samples")
    if lost <= policy.max_not_evaluated * len(result.answers):
        return None
    return error(
        f"{lost} of {len(result.answers)} samples of the {role} were not evaluated "
        f"({policy.max_not_evaluated:.0%} are allowed), so the run is no evidence"
    )


def _incomparable(ours: TaskResult, theirs: TaskResult, info: MetricInfo, other: MetricInfo) -> str:
    """Every way in which the two runs do not ask the same; "" where they do."""
    found = []
    if [sample.id for sample in ours.samples] != [sample.id for sample in theirs.samples]:
        found.append(f"other samples ({len(ours.samples)} and {len(theirs.samples)})")
    elif [sample.target for sample in ours.samples] != [sample.target for sample in theirs.samples]:
        found.append("other targets")
    elif [sample.group for sample in ours.samples] != [sample.group for sample in theirs.samples]:
        found.append("other groups")
    if info != other:
        found.append(f"metric {info.name} {info.version} and {other.name} {other.version}")
    return ", ".join(found)
