"""For each gate the evidence that it is judged on, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from harness.core.decisions import Finding
from harness.core.estimates import Unestimable
from harness.core.metric_refs import CLEAN, ERRORS, LATENCY, MEASURED_RUN, MetricRef
from harness.core.policies import Gate, Policy
from harness.core.runs import MetricInfo, Run
from harness.core.samples import Json
from harness.core.verdicts import Verdict
from harness.gates.interface import Evidence
from harness.pipeline.judging.comparable import Asked, incomparable, of_task
from harness.pipeline.judging.endings import no_evidence
from harness.pipeline.judging.series import error_series, evaluated, latency_series, series_of
from harness.store.columns import TaskColumns


@dataclass(frozen=True, slots=True)
class Judged:
    """A stored run with its results by task, and what it took to make it (pipeline.recipe).

    `manifest` is the digest of its bundle's manifest, outputs included ("": there is no bundle).
    """

    run: Run
    results: Mapping[str, TaskColumns]
    recipe: Mapping[str, Json] = field(default_factory=dict)
    manifest: str = ""


# role ("candidate" or a baseline's name) -> suite -> run
Material = Mapping[str, Mapping[str, Judged]]


def evidence_for(gate: Gate, refs: Mapping[str, MetricRef], material: Material, policy: Policy) -> Evidence | Finding:
    """The series that the gate needs; a Finding with the verdict ERROR where they cannot be had."""
    if gate.metric in LATENCY or gate.metric == ERRORS:
        return _measured(gate, material)
    ref = refs[gate.metric]
    ours = asked_by(material, "candidate", ref, policy)
    if isinstance(ours, Finding):
        return ours
    series = series_of(ours.result, ours.info, favour=False, subset=gate.subset)
    if series.n == 0:
        return error(f"no sample of {ref.suite}.{ref.task} belongs to {gate.subset}")
    if gate.against is None:
        return Evidence(series)
    against_clean = gate.against == CLEAN
    theirs = _clean(material, ours, ref, policy) if against_clean else asked_by(material, gate.against, ref, policy)
    if isinstance(theirs, Finding):
        return theirs
    differences = incomparable(ours, theirs)
    if differences:
        return error(f"candidate and {gate.against} can't be compared: {differences}")
    withheld = "" if against_clean else no_evidence(gate.against, theirs.result, theirs.info, gate.subset)
    if withheld:
        return lost_too_much(withheld)
    return Evidence(series, series_of(theirs.result, theirs.info, favour=True, subset=gate.subset))


def _measured(gate: Gate, material: Material) -> Evidence | Finding:
    """Latency and errors come from the measured phase alone: elsewhere requests wait for each other as they may."""
    judged = material["candidate"].get(MEASURED_RUN)
    result = judged.results.get("candidate") if judged else None
    if result is None or not result.ids:
        return error("latency and errors were not measured")
    q = LATENCY.get(gate.metric)
    return Evidence(error_series(result) if q is None else latency_series(result, q))


def error(reason: str) -> Finding:
    """A finding that nothing can be judged."""
    return Finding(Unestimable(reason), 0.0, verdict=Verdict.ERROR, reason=reason)


def lost_too_much(reason: str) -> Finding:
    """A finding that the infrastructure failed: nothing was judged, and nobody's configuration is wrong."""
    return Finding(Unestimable(reason), 0.0, verdict=Verdict.ERROR, reason=reason, outside=True)


def asked_by(material: Material, role: str, ref: MetricRef, policy: Policy) -> Asked | Finding:
    """What a role's run has on a metric; an error where that is nothing, or too little to be evidence."""
    judged = material.get(role, {}).get(ref.suite)
    result = judged.results.get(ref.task) if judged else None
    if judged is None or result is None or not result.ids:
        return error(f"the {role}'s run has no samples of {ref.suite}.{ref.task}")
    info = next((info for info in judged.run.metrics.get(ref.task, ()) if info.name == ref.metric), None)
    if info is None:
        return error(f"the {role}'s run of {ref.suite}.{ref.task} did not measure {ref.metric}")
    if len({*result.ids}) < len(result.ids):
        return error(f"the {role}'s run of {ref.suite}.{ref.task} has samples with the same id")
    missing = _missing(result, info, role, policy.max_not_evaluated)
    if missing is not None:
        return missing
    digest, recipe = judged.run.task_digests.get(ref.task), of_task(judged.recipe, ref.task)
    return Asked(result, info, digest, recipe)


def _missing(result: TaskColumns, info: MetricInfo, role: str, most: float) -> Finding | None:
    """An error where too many samples have no answer, or an answer without a score; None where that is few.

    Answers without a score are nobody's lost requests: the metric says of each why it could not score it.
    """
    lost, without = int(result.lost.sum()), int((~evaluated(result, info)).sum())
    allowed, asked = f"{100 * most:g} % are allowed", result.lost.size
    if without <= most * asked:
        return None
    if lost > most * asked or not _has_scores(result, info):
        return lost_too_much(
            f"{without} of {asked} samples of the {role} were not evaluated ({allowed}), so the run is no evidence"
        )
    return error(
        f"{without - lost} of {asked} answers of the {role} have no {info.name} ({allowed}), so the run is no "
        "evidence: the metric could not score them (scores.reason in the store tells why, one by one); judge this task "
        "by another"
    )


def _has_scores(result: TaskColumns, info: MetricInfo) -> bool:
    return any(metric == info.name for metric, _ in result.scores)


def _clean(material: Material, ours: Asked, ref: MetricRef, policy: Policy) -> Asked | Finding:
    """The candidate's own results on the samples that these were perturbed from, one for each of these."""
    if ref.clean is None:
        return error(f"{ref.suite}.{ref.task} is no robustness task, so there is no clean run to compare with")
    found = asked_by(material, "candidate", MetricRef(*ref.clean, ref.metric), policy)
    if isinstance(found, Finding):
        return found
    places = {name: place for place, name in enumerate(found.result.ids)}
    origins = [str(origin) for origin in ours.result.origins]
    lacking = [name for name, origin in zip(ours.result.ids, origins, strict=True) if origin not in places]
    if lacking:
        few = f"{len(lacking)} samples are of no sample of it (e.g. {lacking[0]})"
        return error(f"{ref.suite}.{ref.task} was not made of {'.'.join(ref.clean)}: {few}")
    before = found.result.take([places[origin] for origin in origins])
    # A sample that was perturbed in six ways stands there six times, under the copies' ids and in their groups.
    groups = tuple(name if group is None else group for name, group in zip(before.ids, before.groups, strict=True))
    # They are parts by what was done to them, which the clean samples' own slices don't tell.
    slices = ours.result.slices
    return Asked(
        replace(before, ids=ours.result.ids, groups=groups, slices=slices), found.info, ours.digest, ours.recipe
    )
