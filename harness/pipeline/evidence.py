"""For each gate the evidence that it is judged on, or the reason why there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.core.decisions import Finding
from harness.core.estimates import Unestimable
from harness.core.ids import short
from harness.core.metric_refs import CLEAN, ERRORS, LATENCY, MEASURED_RUN, MetricRef
from harness.core.releases import Gate, Policy
from harness.core.runs import MetricInfo, Run
from harness.core.samples import Json
from harness.core.verdicts import Verdict
from harness.gates.interface import Evidence
from harness.pipeline.series import error_series, evaluated, latency_series, places_of, series_of
from harness.store.columns import TaskColumns, Texts


@dataclass(frozen=True, slots=True)
class Judged:
    """A stored run with its results by task."""

    run: Run
    results: Mapping[str, TaskColumns]


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
    if gate.subset and not places_of(ours.result, ours.info, gate.subset):
        return error(f"no sample of {ref.suite}.{ref.task} belongs to {gate.subset}")
    series = series_of(ours.result, ours.info, favour=False, subset=gate.subset)
    if gate.against is None:
        return Evidence(series)
    against_clean = gate.against == CLEAN
    theirs = _clean(material, ours, ref, policy) if against_clean else _asked(material, gate.against, ref, policy)
    if isinstance(theirs, Finding):
        return theirs
    differences = _incomparable(ours, theirs)
    if differences:
        return error(f"candidate and {gate.against} can't be compared: {differences}")
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """One metric of one task of a run, fit to be judged."""

    result: TaskColumns
    info: MetricInfo
    digest: str | None


def _asked(material: Material, role: str, ref: MetricRef, policy: Policy) -> _Asked | Finding:
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
    there = evaluated(result, info)
    lost, asked = int((~there).sum()), there.size
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
    places = {name: place for place, name in enumerate(found.result.ids)}
    origins = [str(origin) for origin in ours.result.origins]
    lacking = [name for name, origin in zip(ours.result.ids, origins, strict=True) if origin not in places]
    if lacking:
        few = f"{len(lacking)} samples are of no sample of it (e.g. {lacking[0]})"
        return error(f"{ref.suite}.{ref.task} was not made of {'.'.join(ref.clean)}: {few}")
    before = found.result.take([places[origin] for origin in origins])
    # A sample that was perturbed in six ways stands there six times, under the copies' ids and in their groups.
    groups = tuple(name if group is None else group for name, group in zip(before.ids, before.groups, strict=True))
    return _Asked(replace(before, ids=ours.result.ids, groups=groups), found.info, ours.digest)


def _incomparable(ours: _Asked, theirs: _Asked) -> str:
    """Every way in which the two runs do not ask the same, with both values; "" where they do."""
    found = []
    mine, its = ours.result, theirs.result
    if mine.ids != its.ids:
        found.append(_other_samples(mine.ids, its.ids))
    else:
        found += [text for text in (_other("target", mine.targets, its.targets, mine.ids),
                                    _other("group", mine.groups, its.groups, mine.ids)) if text]  # fmt: skip
    if mine.repeats != its.repeats:
        found.append(f"each sample asked {mine.repeats} and {its.repeats} times")
    if ours.digest != theirs.digest:
        found.append(f"versions {short(ours.digest or 'unknown')} and {short(theirs.digest or 'unknown')} of the task")
    if ours.info != theirs.info:
        found.append(_otherwise_measured(ours.info, theirs.info))
    return ", ".join(found)


def _other_samples(ours: Sequence[str], theirs: Sequence[str]) -> str:
    """Which samples only one side has, or that their order differs."""
    only = [[name for name in first if name not in second] for first, second in
            ((ours, frozenset(theirs)), (theirs, frozenset(ours)))]  # fmt: skip
    named = [
        f"{names[0]} of {len(names)} only {who}" for names, who in zip(only, ("here", "there"), strict=True) if names
    ]
    return f"other samples ({len(ours)} and {len(theirs)}; {', '.join(named) or 'in another order'})"


def _other(what: str, ours: Texts, theirs: Texts, ids: Sequence[str]) -> str:
    """The first sample on which two columns differ, and how many do; "" where none does."""
    if ours == theirs:
        return ""
    both = zip(ids, ours, theirs, strict=True)
    apart = [one for one in both if one[1] != one[2] and _value(one[1]) != _value(one[2])]
    if not apart:
        return ""
    name, mine, its = apart[0]
    return f"other {what}s ({len(apart)} samples; {name}: {_shown(mine)} and {_shown(its)})"


def _value(text: str | None) -> Json:
    """What a JSON text means; a text that is none, itself."""
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text


def _shown(text: str | None) -> str:
    return "none" if text is None else text if len(text) <= 40 else text[:39] + "…"


def _otherwise_measured(ours: MetricInfo, theirs: MetricInfo) -> str:
    if ours.version != theirs.version:
        return f"{ours.name} in versions {ours.version} and {theirs.version}"
    return f"other classes for {ours.name}" if ours.classes != theirs.classes else f"{ours.name} aggregated otherwise"
