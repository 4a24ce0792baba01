"""Tables of parts: the fields of extracted records, and slices of the samples."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from harness.core.estimates import Unestimable
from harness.core.runs import MetricInfo, TaskResult
from harness.report import words
from harness.report.guard import label
from harness.report.material import CANDIDATE
from harness.report.measures import mean_of, scores_of
from harness.report.page import Cell, Table, heads, missing, number

_MOST = 60


def field_table(results: Mapping[str, TaskResult], infos: Collection[MetricInfo], alpha: float) -> Table:
    """Every field by every metric that has parts, for every model."""
    ours = results[CANDIDATE]
    metrics = with_fields(ours, infos)
    fields = list(dict.fromkeys(score.part for score in ours.scores if score.part and score.metric in metrics))
    columns = [(metric, role) for metric in metrics for role in results]
    rows = tuple(
        (
            Cell(label(field)),
            *(_share(scores_of(results[role], metric, field), results[role], alpha) for metric, role in columns),
        )
        for field in fields[:_MOST]
    )
    head = (Cell("Field"), *(Cell(label(metric), "number", label(role)) for metric, role in columns))
    return Table("Field by field", head, rows, _rest(len(fields)))


def with_fields(result: TaskResult, infos: Collection[MetricInfo]) -> list[str]:
    """The metrics whose parts are fields; BLEU's are counts."""
    parted = {score.metric for score in result.scores if score.part}
    return [info.name for info in infos if info.name in parted and info.aggregate != "bleu"]


def slice_table(results: Mapping[str, TaskResult], metric: MetricInfo, alpha: float) -> Table:
    """The main metric on each slice of the samples, for every model."""
    ours = results[CANDIDATE]
    slices = sorted({(key, value) for sample in ours.samples for key, value in sample.slices.items()})
    scores = {role: scores_of(result, metric.name) for role, result in results.items()}
    rows = []
    for key, value in slices[:_MOST]:
        ids = [sample.id for sample in ours.samples if sample.slices.get(key) == value]
        cells = [
            _share({i: scores[role][i] for i in ids if i in scores[role]}, results[role], alpha, metric)
            for role in results
        ]
        rows.append((Cell(f"{label(key)}: {label(value)}"), number(f"{len(ids):,}"), *cells))
    head = heads("Slice", "Samples", *(label(role) for role in results))
    return Table(f"Slice by slice: {label(metric.name)}", head, tuple(rows), _rest(len(slices)))


def _share(scores: Mapping[str, float], result: TaskResult, alpha: float, metric: MetricInfo | None = None) -> Cell:
    """A mean with its limits below."""
    right_or_wrong = metric.aggregate == "rate" if metric else set(scores.values()) <= {0.0, 1.0}
    found = mean_of(scores, result, "rate" if right_or_wrong else "mean", alpha)
    if isinstance(found, Unestimable):
        return missing(found.reason)
    limits = words.interval(found.low, found.high, words.percent)
    return number(words.percent(found.value), "" if limits == words.NOTHING else limits)


def _rest(known: int) -> str:
    return f"{words.count(known - _MOST, 'more row')} not shown." if known > _MOST else ""
