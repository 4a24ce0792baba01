"""Two sides compared, in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from harness.report import words
from harness.report.ci.markdown import escaped
from harness.report.comparing.view import Compared, TaskComparison
from harness.report.comparing.words import (
    EXPLORATORY,
    difference_texts,
    head,
    metric_text,
    moved_text,
    p_text,
    shown_parts,
    tests_text,
)

_METRICS = ("Metric", "A", "B", "Difference", "Interval", "Worse", "Better", "Same", "Method")
_PARTS = ("Part", "Samples", "A", "B", "Difference", "p", "Stands out")
_WORST = ("Sample", "Input", "Target", "A", "B")
_TEXT = 200


def markdown(compared: Compared) -> str:
    """Both sides, a section for each task, then the notes."""
    first, second, reading = head(compared)
    found = [f"## {escaped(compared.ours.word, 80)} against {escaped(compared.theirs.word, 80)}", ""]
    found += [f"- {escaped(first)}", f"- {escaped(second)}", "", escaped(reading)]
    for task in compared.tasks:
        found += ["", f"### {escaped(task.name, 80)} ({words.count(task.samples, 'sample')})", "", *_task(task)]
    if any(task.parts for task in compared.tasks):
        found += ["", escaped(EXPLORATORY.format(words.plain_share(compared.alpha)))]
    notes = [f"- {escaped(note)}" for note in compared.notes]
    return "\n".join([*found, *(["", "**Notes**", "", *notes] if notes else [])]) + "\n"


def _task(task: TaskComparison) -> list[str]:
    found = _table(_METRICS, (_metric_cells(task, number) for number in range(len(task.metrics))))
    if task.worst:
        cells = ((one.id, one.asked, one.target, *one.said) for one in task.worst)
        found += ["", f"Worst by {escaped(task.judged_by, 80)}:", "", *_table(_WORST, cells)]
    if task.confusions and task.confusions.samples:
        moved = moved_text(task.confusions) or "none moved"
        found += ["", f"Confusions, target → answer (A, B): {escaped(moved)}", "", escaped(tests_text(task.confusions))]
    return found + (["", *_table(_PARTS, _part_cells(task))] if task.parts else [])


def _metric_cells(task: TaskComparison, number: int) -> tuple[str, ...]:
    one = task.metrics[number]
    ours, theirs = map(words.percent, one.values) if one.values else (words.NOT_MEASURED, words.NOT_MEASURED)
    value, limits, method = difference_texts(one)
    counts = (f"{count:,}" for count in (len(one.worse), len(one.better), one.same))
    return metric_text(one), ours, theirs, value, limits, *counts, method


def _part_cells(task: TaskComparison) -> Iterable[tuple[str, ...]]:
    for part in shown_parts(task):
        ours, theirs = part.values
        change = words.points(part.difference)
        numbers = (f"{part.samples:,}", words.percent(ours), words.percent(theirs), change, p_text(part.p))
        yield f"{part.metric}[{part.part}]", *numbers, "yes" if part.flagged else ""


def _table(names: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(escaped(_cut(cell)) for cell in row)} |" for row in rows]
    return [f"| {' | '.join(names)} |", "|" + "---|" * len(names), *lines]


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT else text[:_TEXT] + "…"
