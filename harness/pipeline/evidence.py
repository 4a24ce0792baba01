"""For each gate the evidence that it is judged on, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.core.clean import before
from harness.core.decisions import Finding
from harness.core.estimates import Unestimable
from harness.core.metric_refs import CLEAN, ERRORS, LATENCY, MEASURED_RUN, MetricRef
from harness.core.releases import Gate, Policy
from harness.core.runs import MetricInfo, Run, TaskResult
from harness.core.verdicts import Verdict
from harness.gates.interface import Evidence
from harness.pipeline.series import error_series, evaluated, latency_series, series_of


@dataclass(frozen=True, slots=True)
class Judged:
    """A stored run with its results by task."""

    run: Run
    results: Mapping[str, TaskResult]


# role ("candidate" or a baseline's name) -> suite -> run
Material = Mapping[str, Mapping[str, Judged]]


def evidence_for(gate: Gate, refs: Mapping[str, MetricRef], material: Material, policy: Policy) -> Evidence | Finding:
    """The series that the gate needs; a Finding with the verdict ERROR where they cannot be had."""
    if gate.metric in LATENCY or gate.metric == ERRORS:
        return _measured(gate, material)
    ref = refs[gate.metric]
    ours = _asked(material, "candidate", ref, policy)
    if isinstance(ours, Finding):
        return ours
    series = series_of(ours.result, ours.info, favour=False)
    if gate.against is None:
        return Evidence(series)
    against_clean = gate.against == CLEAN
    theirs = _clean(material, ours, ref, policy) if against_clean else _asked(material, gate.against, ref, policy)
    if isinstance(theirs, Finding):
        return theirs
    differences = _incomparable(ours, theirs)
    if differences:
        return error(f"candidate and {gate.against} can't be compared: {differences}")
    return Evidence(series, series_of(theirs.result, theirs.info, favour=True))


def _measured(gate: Gate, material: Material) -> Evidence | Finding:
    """Latency and errors come from the measured phase alone: elsewhere requests wait for each other as they may."""
    judged = material["candidate"].get(MEASURED_RUN)
    result = judged.results.get("candidate") if judged else None
    if result is None or not result.samples:
        return error("latency and errors were not measured")
    q = LATENCY.get(gate.metric)
    return Evidence(error_series([result]) if q is None else latency_series([result], q))


def error(reason: str) -> Finding:
    """A finding that nothing can be judged."""
    return Finding(Unestimable(reason), 0.0, verdict=Verdict.ERROR, reason=reason)


def lost_too_much(reason: str) -> Finding:
    """A finding that the infrastructure failed: nothing was judged, and nobody's configuration is wrong."""
    return Finding(Unestimable(reason), 0.0, verdict=Verdict.ERROR, reason=reason, outside=True)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One metric of one task of a run, fit to be judged."""

    result: TaskResult
    info: MetricInfo
    digest: str | None


def _asked(material: Material, role: str, ref: MetricRef, policy: Policy) -> _Asked | Finding:
    """What a role's run has on a metric; an error where that is nothing, or too little to be evidence."""
    judged = material.get(role, {}).get(ref.suite)
    result = judged.results.get(ref.task) if judged else None
    if judged is None or result is None or not result.samples:
        return error(f"the {role}'s run has no samples of {ref.suite}.{ref.task}")
    info = next((info for info in judged.run.metrics.get(ref.task, ()) if info.name == ref.metric), None)
    if info is None:
        return error(f"the {role}'s run of {ref.suite}.{ref.task} did not measure {ref.metric}")
    if len({sample.id for sample in result.samples}) < len(result.samples):
        return error(f"the {role}'s run of {ref.suite}.{ref.task} has samples with the same id")
    lost = evaluated(result, info).count(False)
    asked = len(result.samples) * result.repeats
    if lost > policy.max_not_evaluated * asked:
        return lost_too_much(
            f"{lost} of {asked} samples of the {role} were not evaluated "
            f"({100 * policy.max_not_evaluated:g} % are allowed), so the run is no evidence"
        )
    return _Asked(result, info, judged.run.task_digests.get(ref.task))


def _clean(material: Material, ours: _Asked, ref: MetricRef, policy: Policy) -> _Asked | Finding:
    """The candidate's own results on the samples that these were perturbed from, one for each of these."""
    if ref.clean is None:
        return error(f"{ref.suite}.{ref.task} is no robustness task, so there is no clean run to compare with")
    found = _asked(material, "candidate", MetricRef(*ref.clean, ref.metric), policy)
    if isinstance(found, Finding):
        return found
    try:
        result = before(ours.result, found.result)
    except ValueError as problem:
        return error(f"{ref.suite}.{ref.task} was not made of {'.'.join(ref.clean)}: {problem}")
    return _Asked(result, found.info, ours.digest)


def _incomparable(ours: _Asked, theirs: _Asked) -> str:
    """Every way in which the two runs do not ask the same; "" where they do."""
    found = []
    mine, its = ours.result.samples, theirs.result.samples
    if [sample.id for sample in mine] != [sample.id for sample in its]:
        found.append(f"other samples ({len(mine)} and {len(its)})")
    else:
        found += ["other targets"] if [sample.target for sample in mine] != [sample.target for sample in its] else []
        found += ["other groups"] if [sample.group for sample in mine] != [sample.group for sample in its] else []
    if ours.result.repeats != theirs.result.repeats:
        found.append(f"each sample asked {ours.result.repeats} and {theirs.result.repeats} times")
    if ours.digest != theirs.digest:
        found.append("other versions of the task")
    if ours.info != theirs.info:
        found.append(_otherwise_measured(ours.info, theirs.info))
    return ", ".join(found)


def _otherwise_measured(ours: MetricInfo, theirs: MetricInfo) -> str:
    if ours.version != theirs.version:
        return f"{ours.name} in versions {ours.version} and {theirs.version}"
    return f"other classes for {ours.name}" if ours.classes != theirs.classes else f"{ours.name} aggregated otherwise"
