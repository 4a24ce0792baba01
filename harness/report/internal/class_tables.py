"""Classification as tables: precision, recall and F1 of each class, and which was taken for which."""

from __future__ import annotations

from harness.core.estimates import Unestimable
from harness.report import words
from harness.report.guard import label
from harness.report.internal.figures import REASON
from harness.report.internal.page import Exhibit, exhibit, rest
from harness.report.numbers import ClassNumbers, Confusion, TaskNumbers
from harness.report.page import Cell, Table, heads, missing, number
from harness.report.pictures.confusion import confusion

# More classes than this make no readable square.
_MOST = 16
_MOST_ROWS = 60
_SHADES = 5


def class_exhibits(task: TaskNumbers, drawn: bool) -> tuple[Exhibit, ...]:
    """Nothing for tasks that are no classification. The matrix is drawn only where `drawn`."""
    per_class = (exhibit(None, _per_class(task)),) if task.classes else ()
    found = task.confusion
    if found is None or len(found.classes) > _MOST:
        return per_class
    return *per_class, exhibit(confusion(found) if drawn else None, _matrix(found, task.key))


def _per_class(task: TaskNumbers) -> Table:
    classes = task.classes
    head = heads("Class", "Samples", "Precision", "Recall", "F1", "Interval of F1")
    note = rest(len(classes), _MOST_ROWS, "class", "classes")
    rows = tuple(_class_row(one) for one in classes[:_MOST_ROWS])
    return Table(f"Class by class of {label(task.key)}", head, rows, note)


def _class_row(one: ClassNumbers) -> tuple[Cell, ...]:
    precision = number(words.percent(one.right / one.answers)) if one.answers else missing("never answered")
    recall = number(words.percent(one.right / one.targets)) if one.targets else missing("never the target")
    last = (
        (missing(label(one.f1.reason, REASON)), number(words.NOTHING))
        if isinstance(one.f1, Unestimable)
        else (number(words.percent(one.f1.value)), number(words.interval(one.f1.low, one.f1.high, words.percent)))
    )
    return Cell(label(one.name)), number(f"{one.targets:,}"), precision, recall, *last


def _matrix(found: Confusion, name: str) -> Table:
    answers: list[str | None] = [*found.classes]
    answers += [None] if any(answer is None for _, answer in found.counts) else []
    rows = []
    for target in found.classes:
        times = [found.counts.get((target, answer), 0) for answer in answers]
        cells = (_square(n, sum(times), answer == target) for n, answer in zip(times, answers, strict=True))
        rows.append((Cell(label(target)), *cells))
    head = heads("Target", *("no label" if answer is None else label(answer, 24) for answer in answers))
    note = "Rows are targets, columns are answers. Outlined: right. The darker, the larger the share of its row."
    return Table(f"Confusion matrix of {label(name)}", head, tuple(rows), note, style="matrix")


def _square(times: int, of: int, right: bool) -> Cell:
    shade = -(-_SHADES * times // of) if of else 0
    return Cell(f"{times:,}", f"number shade{shade}" + (" right" if right else ""))
