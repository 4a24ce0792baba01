"""Whether a comparison needs a second gate: against a baseline that hardly answers in form, any model looks better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from harness import catalog
from harness.core.endings import BY_PROVIDER, OF_FORM
from harness.core.ids import digest_json
from harness.core.metric_refs import CLEAN, MetricRef, metric_refs
from harness.core.releases import Gate, Release, Subset, Task
from harness.core.runs import MetricInfo
from harness.core.samples import Answer, Json, Outcome, Sample
from harness.core.verdicts import Role
from harness.metrics.interface import Item
from harness.pipeline.judging.endings import without_form
from harness.pipeline.judging.evidence import Material
from harness.pipeline.running.answers import metric_infos
from harness.store.columns import TaskColumns

_OWN = "format"  # measures the form itself: what others miss in it is its very finding
# Metrics that are cheap enough to be tried on made-up answers, by their aggregate.
_CHEAP = ("accuracy", "exact_match", "field_accuracy", "partial_match", "rouge_1", "rouge_2", "rouge_l")
_TRIED, _SAMPLES = 3, 2_000  # constant answers that are tried, and samples that they are tried on


def unbacked(gate: Gate, release: Release, material: Material) -> str:
    """Why a comparison that passes shows too little by itself; "" where it does not, or another gate makes up for it.

    That gate is on the same metric, has to pass, and asks for more than one constant answer reaches.
    """
    ref = metric_refs(release.suites).get(gate.metric)
    if ref is None or gate.against is None or ref.metric == _OWN:
        return ""
    found = _baseline(gate, ref, material)
    if found is None:
        return ""
    columns, info = found
    kinds = (*OF_FORM, *BY_PROVIDER) if gate.against == CLEAN else OF_FORM
    wrong = without_form(columns, info, gate.subset, kinds)
    task = next(task for suite in release.suites for task in suite.tasks if (suite.name, task.name) == _place(ref))
    if not wrong or any(_makes_up(one, gate, task, ref.metric) for one in release.policy.gates):
        return ""
    constant = constant_value(task, ref.metric)
    above = (
        "what one constant answer reaches" if constant is None else f"{constant:.4f}, what a constant answer reaches"
    )
    return (
        f"of the {gate.against}, {wrong}, so a comparison with it shows little by itself: it counts beside a gate on "
        f"{gate.metric} that must pass, with 'at_least' above {above}"
    )


def constant_value(task: Task, metric: str, subset: Subset | None = None) -> float | None:
    """The most that one and the same answer to every sample reaches on a metric; None where that is not computed."""
    samples = [one for one in task.samples if _belongs(one, subset)]
    spec = next((one for one in task.metrics if one.name == metric), None)
    if spec is None or not samples:
        return None
    if subset is not None and subset.kind == "class":
        return 1.0
    info = next(one for one in metric_infos(task) if one.name == metric)
    if info.aggregate == "macro_f1":
        share = max(Counter(str(one.target) for one in samples).values()) / len(samples)
        return 2 * share / (1 + share) / max(1, len(info.classes))
    if spec.catalog_name not in _CHEAP:
        return None
    plug = catalog.build("metrics", spec.catalog_name, spec.arguments)
    field, tried = (subset.name if subset is not None and subset.kind == "field" else ""), samples[:_SAMPLES]
    reached = []
    for value in _constants(task, tried):
        items = [Item(one, Answer(one.id, Outcome.SCORED, value)) for one in tried]
        scores = [score.value or 0.0 for score in plug.score(items) if score.part == field]
        reached.append(sum(scores) / len(scores) if scores else 0.0)
    return max(reached, default=None)


def _baseline(gate: Gate, ref: MetricRef, material: Material) -> tuple[TaskColumns, MetricInfo] | None:
    """What a gate compares with, and how its metric is to be read; None where that is not there."""
    role, suite, task = str(gate.against), ref.suite, ref.task
    if gate.against == CLEAN:
        role, (suite, task) = "candidate", ref.clean or (suite, task)
    judged = material.get(role, {}).get(suite)
    info = next((one for one in judged.run.metrics.get(task, ()) if one.name == ref.metric), None) if judged else None
    return (judged.results[task], info) if judged and info and task in judged.results else None


def _makes_up(other: Gate, gate: Gate, task: Task, metric: str) -> bool:
    """Whether a gate shows by itself that the candidate is better than one constant answer."""
    if other.metric != gate.metric or other.role not in (Role.CRITICAL, Role.GATING):
        return False
    if other.subset not in (None, gate.subset):
        return False
    shown = {"at_least": other.threshold, "no_critical_failures": 1 - other.threshold}.get(other.rule)
    return shown is not None and shown > (constant_value(task, metric, other.subset) or 0.0)


def _constants(task: Task, samples: Sequence[Sample]) -> Iterator[Json]:
    """Answers that are right most often: the commonest targets; of records also one of the commonest values."""
    kind = catalog.build("tasks", task.kind, task.arguments)
    targets = [one.target for one in samples]
    commonest = _commonest(targets, _TRIED)
    records = [one for one in targets if isinstance(one, dict)]
    if records:
        fields = dict.fromkeys(name for one in records for name in one)
        commonest.append({name: _commonest([one[name] for one in records if name in one], 1)[0] for name in fields})
    for target in commonest:
        try:
            yield kind.read(kind.write(target))
        except ValueError:
            continue


def _commonest(values: Sequence[Json], count: int) -> list[Json]:
    by_digest = {digest_json(value): value for value in values}
    return [by_digest[name] for name, _ in Counter(map(digest_json, values)).most_common(count)]


def _belongs(sample: Sample, subset: Subset | None) -> bool:
    match subset.kind if subset else "":
        case "slice":
            return subset is not None and sample.slices.get(subset.name) == subset.value
        case "class":
            return subset is not None and str(sample.target) == subset.name
        case "field":
            return subset is not None and isinstance(sample.target, dict) and subset.name in sample.target
        case _:
            return True


def _place(ref: MetricRef) -> tuple[str, str]:
    return ref.suite, ref.task
