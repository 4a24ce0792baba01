"""Whether a comparison needs a second gate: against a baseline that hardly answers in form, any model looks better."""

from __future__ import annotations

from harness.core.endings import BY_PROVIDER, OF_FORM
from harness.core.metric_refs import CLEAN, MetricRef, metric_refs
from harness.core.policies import Gate
from harness.core.releases import Release
from harness.core.runs import MetricInfo
from harness.core.suites import Task
from harness.core.verdicts import Role
from harness.pipeline.judging.constant_answer import COMPUTED, best_constant_answer
from harness.pipeline.judging.endings import without_form
from harness.pipeline.judging.evidence import Material
from harness.store.columns import TaskColumns

_OWN = "format"  # measures the form itself: what others miss in it is its very finding


def missing_second_gate(gate: Gate, release: Release, material: Material) -> str:
    """Why a comparison that passes shows too little by itself; "" where it does not, or another gate makes up for it.

    That gate has to pass, and asks for more than any constant answer reaches: on the same metric, or, where a constant
    answer is not computed on that, on another one of the same task.
    """
    refs = metric_refs(release.suites)
    ref = refs.get(gate.metric)
    baseline = _baseline(gate, ref, material) if ref and gate.against and ref.metric != _OWN else None
    if ref is None or baseline is None:
        return ""
    columns, info = baseline
    kinds = (*OF_FORM, *BY_PROVIDER) if gate.against == CLEAN else OF_FORM
    wrong = without_form(columns, info, gate.subset, kinds)
    task = next(task for suite in release.suites for task in suite.tasks if (suite.name, task.name) == _task_of(ref))
    usable, prefix = _usable(task, ref.metric), gate.metric.removesuffix(ref.metric)
    if not wrong or any(
        _makes_up(other, gate, task, other_ref.metric)
        for other in release.policy.gates
        if (other_ref := refs.get(other.metric)) and _task_of(other_ref) == _task_of(ref) and other_ref.metric in usable
    ):
        return ""
    return (
        f"of the {gate.against}, {wrong}, so a comparison with it shows little by itself: it counts beside a gate that "
        f"must pass, with 'at_least' above what a constant answer reaches{_second_metrics(prefix, task, usable)}"
    )


def _usable(task: Task, metric: str) -> tuple[str, ...]:
    """The metrics of a task on which a second gate counts."""
    computed = tuple(spec.name for spec in task.metrics if spec.catalog_name in COMPUTED)
    return (metric,) if metric in computed else computed


def _second_metrics(prefix: str, task: Task, usable: tuple[str, ...]) -> str:
    """The metrics of the second gate, by the names that gates use, with what it must lie above."""
    if not usable:
        return f", and that is computed for no metric of this task; add one of {', '.join(COMPUTED)}"
    bars = {name: best_constant_answer(task, name) for name in usable}
    stated = [f"{prefix}{name} ({bar.value:.4f})" if bar else f"{prefix}{name}" for name, bar in bars.items()]
    return f", on {' or '.join(stated)}"


def _baseline(gate: Gate, ref: MetricRef, material: Material) -> tuple[TaskColumns, MetricInfo] | None:
    """What a gate compares with, and how its metric is to be read; None where that is not there."""
    role, suite, task = str(gate.against), ref.suite, ref.task
    if gate.against == CLEAN:
        role, (suite, task) = "candidate", ref.clean or (suite, task)
    run = material.get(role, {}).get(suite)
    infos = run.run.metrics.get(task, ()) if run else ()
    info = next((info for info in infos if info.name == ref.metric), None)
    return (run.results[task], info) if run and info and task in run.results else None


def _makes_up(other: Gate, gate: Gate, task: Task, metric: str) -> bool:
    """Whether a gate shows by itself that the candidate is better than any constant answer."""
    if other.role not in (Role.CRITICAL, Role.GATING) or other.subset not in (None, gate.subset):
        return False
    least = {"at_least": other.threshold, "no_critical_failures": 1 - other.threshold}.get(other.rule)
    constant = best_constant_answer(task, metric, other.subset)
    return least is not None and constant is not None and least > constant.value


def _task_of(ref: MetricRef) -> tuple[str, str]:
    return ref.suite, ref.task
