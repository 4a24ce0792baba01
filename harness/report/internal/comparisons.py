"""The candidate against each baseline, metric by metric, and what each model came to alone."""

from __future__ import annotations

from collections.abc import Sequence

from harness.core.estimates import Comparison, Unestimable
from harness.report import words
from harness.report.guard import label
from harness.report.internal.figures import REASON, known, own_cell, tone
from harness.report.internal.page import ComparisonPart, Exhibit, exhibit, rest
from harness.report.material import Material
from harness.report.numbers import Difference, MetricNumbers
from harness.report.page import Cell, Table, heads, missing, number
from harness.report.pictures.differences import DifferenceRow, differences
from harness.report.pictures.models import ModelRow, models

MOST = 200
_DRAWN = 40
_NOT_RUN = Unestimable("it has not run this task")


def models_exhibit(material: Material) -> Exhibit | None:
    """What each model came to on each metric; None where no suite was run."""
    metrics = _metrics(material)
    if not metrics:
        return None
    rows = tuple(
        (_name(metric), *(own_cell(metric.own.get(role)) for role in material.roles)) for metric in metrics[:MOST]
    )
    head = heads("Metric", *(label(role) for role in material.roles))
    table = Table("Every model on every metric", head, rows, rest(len(metrics), MOST, "metric"))
    return exhibit(models(_model_rows(material, metrics)), table, _undrawn(metrics))


def _model_rows(material: Material, metrics: Sequence[MetricNumbers]) -> list[ModelRow]:
    rows = []
    for metric in metrics[:_DRAWN]:
        for role in material.roles:
            found, cell = known(metric.own.get(role)), own_cell(metric.own.get(role))
            value, low, high = (found.value, found.low, found.high) if found else (None, None, None)
            rows.append(ModelRow(_title(metric), label(role), value, low, high, value_text=cell.text))
    return rows


def comparison_parts(material: Material) -> tuple[ComparisonPart, ...]:
    """One part for each baseline that was run."""
    return tuple(_part(_metrics(material), baseline) for baseline in material.baselines)


def _part(metrics: Sequence[MetricNumbers], baseline: str) -> ComparisonPart:
    name = label(baseline)
    head = heads("Metric", "Candidate", name, "Difference", "Interval", "Pairs")
    rows = tuple(_row(metric, metric.against.get(baseline, _NOT_RUN)) for metric in metrics[:MOST])
    left = rest(len(metrics), MOST, "metric")
    note = f"Differences are by how much the candidate is better. {left}".strip()
    table = Table(f"Candidate against {name}", head, rows, note)
    found = [(metric, metric.against.get(baseline)) for metric in metrics[:_DRAWN]]
    drawn = [_drawn(metric, name, one) for metric, one in found if isinstance(one, Comparison)]
    return ComparisonPart(name, exhibit(differences(drawn), table, _undrawn(metrics)))


def _row(metric: MetricNumbers, found: Difference) -> tuple[Cell, ...]:
    name, nothing = _name(metric), number(words.NOTHING)
    if isinstance(found, Unestimable):
        return name, missing(label(found.reason, REASON)), nothing, nothing, nothing, nothing
    return (
        name,
        number(words.percent(found.candidate)),
        number(words.percent(found.baseline)),
        Cell(words.points(found.difference), f"number {tone(found)}"),
        number(words.interval(found.low, found.high, words.points), label(found.method)),
        number(f"{found.pairs:,}"),
    )


def _drawn(metric: MetricNumbers, baseline: str, found: Comparison) -> DifferenceRow:
    text = words.points(found.difference)
    return DifferenceRow(_title(metric), baseline, found.difference, found.low, found.high, value_text=text)


def _name(metric: MetricNumbers) -> Cell:
    return Cell(label(metric.name), note=metric.info.better.note)


def _title(metric: MetricNumbers) -> str:
    """The metric as a picture names it."""
    note = metric.info.better.note
    return f"{label(metric.name)} ({note})" if note else label(metric.name)


def _metrics(material: Material) -> list[MetricNumbers]:
    return [metric for task in material.tasks for metric in task.metrics]


def _undrawn(metrics: Sequence[MetricNumbers]) -> str:
    return f"The first {_DRAWN} of {len(metrics):,} metrics are drawn." if len(metrics) > _DRAWN else ""
