"""Each suite in detail: how its samples ended, and what each task came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from harness.core.estimates import Estimate, Unestimable
from harness.core.runs import MetricInfo, Run, TaskResult
from harness.core.samples import Outcome
from harness.report import words
from harness.report.class_tables import class_tables
from harness.report.guard import label
from harness.report.material import CANDIDATE, Material, Recorded, result_of
from harness.report.measures import Measure, estimate, main_metric, measures
from harness.report.page import Cell, SuitePart, Table, TaskPart, heads, missing, number
from harness.report.part_tables import field_table, slice_table, with_fields
from harness.report.perturbed import perturbed_table

_REASONS = 5


def suite_parts(material: Material) -> tuple[SuitePart, ...]:
    """One part for each suite that the candidate ran."""
    return tuple(_part(material, suite, run) for suite, (run, _) in material.candidate.items())


def _part(material: Material, suite: str, run: Run) -> SuitePart:
    runs = {role: material.runs[role][suite] for role in material.roles if suite in material.runs[role]}
    tasks = tuple(_task(material, suite, task, infos) for task, infos in run.metrics.items())
    return SuitePart(label(suite), _counts(runs), _reasons(runs[CANDIDATE]), tasks)


def _counts(runs: Mapping[str, Recorded]) -> Table:
    rows = []
    for role, (run, _) in runs.items():
        counts = run.counts
        ends = (counts.scored, counts.model_failed, counts.not_evaluated, counts.total)
        took = number(words.seconds(run.seconds))
        rows.append((Cell(label(role)), *(number(f"{end:,}") for end in ends), took))
    head = heads("Model", "Scored", "Model failed", "Not evaluated", "All samples", "Run took")
    note = (
        "Model failed: no readable answer, counted as wrong. Not evaluated: lost to the infrastructure, counted as "
        "wrong for the candidate and as right for a baseline."
    )
    return Table("How the samples ended", head, tuple(rows), note)


def _reasons(recorded: Recorded) -> tuple[str, ...]:
    """Why the candidate's samples were not scored, the commonest first."""
    ends = {Outcome.MODEL_FAILED: "model failed", Outcome.NOT_EVALUATED: "not evaluated"}
    found = Counter(
        f"{ends[answer.outcome]}: {label(answer.reason or 'no reason given', 200)}"
        for result in recorded[1]
        for answer in result.answers
        if answer.outcome in ends
    )
    shown = [f"{words.count(times, 'sample')} — {reason}" for reason, times in found.most_common(_REASONS)]
    rest = len(found) - _REASONS
    return (*shown, f"and {words.count(rest, 'other reason')}") if rest > 0 else tuple(shown)


def _task(material: Material, suite: str, task: str, infos: tuple[MetricInfo, ...]) -> TaskPart:
    tried = {role: result_of(material.runs[role], suite, task) for role in material.roles}
    results = {role: found for role, found in tried.items() if found is not None}
    if CANDIDATE not in results:
        return TaskPart(label(task), "The candidate has no results for this task.", ())
    ours = results[CANDIDATE]
    about = f"{words.count(len(ours.samples), 'sample')}{_clusters(ours)}{_repeats(ours)}"
    tables = [_metrics(material, suite, task, ours), *class_tables(results, infos, material.policy_alpha)]
    tables += [field_table(results, infos, material.policy_alpha)] if with_fields(ours, infos) else []
    main = main_metric(infos)
    if main and task in material.candidate[suite][0].clean:
        tables.append(perturbed_table(material.candidate, suite, ours, main, material.policy_alpha))
    tables += [slice_table(results, main, material.policy_alpha)] if main and _has_slices(ours) else []
    return TaskPart(label(task), about, tuple(tables))


def _clusters(result: TaskResult) -> str:
    groups = {sample.group for sample in result.samples if sample.group is not None}
    return f" in {words.count(len(groups), 'group')}" if groups else ""


def _repeats(result: TaskResult) -> str:
    """How often each sample was asked, and how many were answered otherwise from one time to the next."""
    if result.flip_rate is None:
        return ""
    return f", each asked {result.repeats} times; {words.percent(result.flip_rate)} got different answers"


def _has_slices(result: TaskResult) -> bool:
    return any(sample.slices for sample in result.samples)


def _metrics(material: Material, suite: str, task: str, ours: TaskResult) -> Table:
    """The candidate's own numbers: what gates have found already, and the rest in the same way."""
    gated = {
        result.gate.what: result.finding.evidence
        for result in material.decision.results
        if isinstance(result.finding.evidence, Estimate) and not words.counted(result.gate)
    }
    every = measures(material.candidate)
    mine = [measure for measure in every if (measure.suite, measure.task) == (suite, task)]
    rows = [
        _metric(measure, gated.get(measure.name) or estimate(measure.info, ours, material.policy_alpha))
        for measure in mine
    ]
    return Table("The candidate's metrics", heads("Metric", "Value", "Interval", "Samples"), tuple(rows))


def _metric(measure: Measure, found: Estimate | Unestimable) -> tuple[Cell, ...]:
    name = Cell(label(measure.info.name))
    if isinstance(found, Unestimable):
        return name, missing(label(found.reason, 300)), number(words.NOTHING), number(words.NOTHING)
    between = number(words.interval(found.low, found.high, words.percent), label(found.method))
    return name, number(words.percent(found.value)), between, number(f"{found.n:,}")
