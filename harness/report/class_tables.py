"""Classification as tables: precision, recall and F1 of each class, and which was taken for which."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from harness.core.estimates import Unestimable
from harness.core.runs import MetricInfo, TaskResult
from harness.report import words
from harness.report.classes import ClassNumbers, class_numbers, classified, confusion
from harness.report.guard import label
from harness.report.material import CANDIDATE
from harness.report.page import Cell, Table, heads, missing, number

# More classes than this make no readable square.
_MOST = 16
_MOST_ROWS = 60
_SHADES = 5


def class_tables(results: Mapping[str, TaskResult], infos: Collection[MetricInfo], alpha: float) -> tuple[Table, ...]:
    """Nothing for tasks that are no classification; multiple choice has no classes either."""
    ours = results[CANDIDATE]
    names = {info.name for info in infos}
    chosen = any(output.choices is not None for output in ours.outputs)
    if chosen or not names & {"accuracy", "macro_f1"} or not classified(ours):
        return ()
    numbers = class_numbers(ours)
    if "macro_f1" not in names and len(numbers) > _MOST:
        return ()
    per_class = _per_class(numbers, alpha)
    return (per_class, _matrix(ours, numbers)) if len(numbers) <= _MOST else (per_class,)


def _per_class(numbers: tuple[ClassNumbers, ...], alpha: float) -> Table:
    rows = tuple(_class_row(one, alpha) for one in numbers[:_MOST_ROWS])
    rest = len(numbers) - _MOST_ROWS
    note = f"{words.count(rest, 'more class', 'more classes')} not shown." if rest > 0 else ""
    head = heads("Class", "Samples", "Precision", "Recall", "F1", "Interval of F1")
    return Table("Class by class", head, rows, note)


def _class_row(one: ClassNumbers, alpha: float) -> tuple[Cell, ...]:
    f1 = one.f1(alpha)
    precision = number(words.percent(one.right / one.answers)) if one.answers else missing("never answered")
    recall = number(words.percent(one.right / one.targets)) if one.targets else missing("never the target")
    last = (
        (missing(f1.reason), number(words.NOTHING))
        if isinstance(f1, Unestimable)
        else (number(words.percent(f1.value)), number(words.interval(f1.low, f1.high, words.percent)))
    )
    return Cell(label(one.name)), number(f"{one.targets:,}"), precision, recall, *last


def _matrix(result: TaskResult, numbers: tuple[ClassNumbers, ...]) -> Table:
    counted = confusion(result)
    answers: list[str | None] = [one.name for one in numbers]
    answers += [None] if any(answer is None for _, answer in counted) else []
    rows = []
    for one in numbers:
        cells = [_square(counted[one.name, answer], one.targets, answer == one.name) for answer in answers]
        rows.append((Cell(label(one.name)), *cells))
    head = heads("Target", *("no label" if answer is None else label(answer, 24) for answer in answers))
    note = "Rows are targets, columns are answers. Outlined: right. The darker, the larger the share of its row."
    return Table("Confusion matrix", head, tuple(rows), note, style="matrix")


def _square(times: int, of: int, right: bool) -> Cell:
    shade = -(-_SHADES * times // of) if of else 0
    return Cell(f"{times:,}", f"number shade{shade}" + (" right" if right else ""))
