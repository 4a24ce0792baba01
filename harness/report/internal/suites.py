"""Each suite in detail: how its samples ended, and what each task came to."""

from __future__ import annotations

from harness.core.endings import endings_in_words
from harness.core.estimates import Unestimable
from harness.core.samples import Outcome
from harness.report import words
from harness.report.guard import label
from harness.report.internal.class_tables import class_exhibits
from harness.report.internal.figures import REASON
from harness.report.internal.page import Exhibit, SuitePart, TaskPart, exhibit, rest
from harness.report.internal.part_tables import field_table, slice_table
from harness.report.internal.robustness import robustness_table
from harness.report.material import CANDIDATE, Material
from harness.report.numbers import MetricNumbers, SuiteNumbers, TaskNumbers, Unscored
from harness.report.page import Cell, Table, anchor, heads, missing, number

_REASONS = 8
_TASKS = 60
# A drawn square takes a twentieth of a second: beyond these the table alone is shown.
_MATRICES = 4
_ENDS = {
    Outcome.MODEL_FAILED: "model failed",
    Outcome.NOT_EVALUATED: "not evaluated",
    Outcome.SCORED: "answered, without a score",
}


def suite_parts(material: Material) -> tuple[SuitePart, ...]:
    """One part for each suite that the candidate ran."""
    drawn = [task.key for task in material.tasks if task.confusion is not None][:_MATRICES]
    shown = [task.key for task in material.tasks][:_TASKS]
    return tuple(_part(material, suite, frozenset(shown), frozenset(drawn)) for suite in material.suites)


def _part(material: Material, suite: SuiteNumbers, shown: frozenset[str], drawn: frozenset[str]) -> SuitePart:
    tasks = [_task(material, task, task.key in drawn) for task in suite.tasks if task.key in shown]
    left = rest(len(suite.tasks), len(tasks), "task")
    cut = [TaskPart("Other tasks", left, ())] if left else []
    counts, reasons = _counts(material, suite.name), _reasons(suite.unscored)
    return SuitePart(anchor("suite", suite.name), label(suite.name), counts, reasons, (*tasks, *cut))


def _counts(material: Material, suite: str) -> Table:
    rows = []
    for role in material.roles:
        run = material.runs[role].get(suite)
        if run is None:
            rows.append((Cell(label(role)), missing("it has not run this suite"), *[number(words.NOTHING)] * 4))
            continue
        counts = run.counts
        ends = (counts.scored, counts.model_failed, counts.not_evaluated, counts.total)
        rows.append((Cell(label(role)), *(number(f"{end:,}") for end in ends), number(words.seconds(run.seconds))))
    head = heads("Model", "Scored", "Model failed", "Not evaluated", "All samples", "Run took")
    note = (
        "Model failed: no readable answer, counted as wrong. Not evaluated: lost to the infrastructure, counted as "
        "wrong for the candidate and as right for a baseline."
    )
    return Table(f"How the samples of {label(suite)} ended", head, tuple(rows), note)


def _reasons(found: tuple[Unscored, ...]) -> tuple[str, ...]:
    """Why the candidate's samples were not scored, the commonest first."""
    told = [
        f"{words.count(one.samples, 'sample')} — {_ENDS.get(one.outcome, one.outcome)}: "
        f"{label(one.reason or 'no reason given', REASON)}"
        for one in found[:_REASONS]
    ]
    left = sum(one.samples for one in found[_REASONS:])
    return (*told, f"{words.count(left, 'sample')} — other reasons") if left else tuple(told)


def _task(material: Material, task: TaskNumbers, drawn: bool) -> TaskPart:
    roles = [role for role in material.roles if any(role in metric.own for metric in task.metrics)] or [CANDIDATE]
    tables = [field_table(task, roles)] if task.fields else []
    tables += [robustness_table(task.robustness, task.key)] if task.robustness else []
    slices = [Exhibit(slice_table(task, roles), folded=True)] if task.slices else []
    told = (exhibit(None, _metrics(task)), *class_exhibits(task, drawn), *(exhibit(None, one) for one in tables))
    return TaskPart(label(task.name), _about(task), (*told, *slices))


def _about(task: TaskNumbers) -> str:
    """The samples, their groups, how often each was asked, and which answers were not whole."""
    groups = f" in {words.count(task.groups, 'group')}" if 0 < task.groups < task.samples else ""
    about = words.count(task.samples, "sample") + groups
    if task.flip_rate is not None:
        about += f", each asked {task.repeats} times; {words.percent(task.flip_rate)} got different answers"
    ended = (endings_in_words(counts, task.limit, f" of the {label(role)}") for role, counts in task.endings.items())
    return "; ".join([about, *(said for said in ended if said)])


def _metrics(task: TaskNumbers) -> Table:
    head = heads("Metric", "Value", "Interval", "Samples")
    return Table(
        f"The candidate's metrics on {label(task.key)}", head, tuple(_metric(metric) for metric in task.metrics)
    )


def _metric(metric: MetricNumbers) -> tuple[Cell, ...]:
    name, nothing, found = (
        Cell(label(metric.info.name), note=metric.info.better.note),
        number(words.NOTHING),
        metric.own.get(CANDIDATE),
    )
    if found is None or isinstance(found, Unestimable):
        reason = found.reason if found else "the candidate has no results for it"
        return name, missing(label(reason, REASON)), nothing, nothing
    between = number(words.interval(found.low, found.high, words.percent), label(found.method))
    return name, number(words.percent(found.value)), between, number(f"{found.n:,}")
