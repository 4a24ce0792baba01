"""The form of two sides, and what `harness compare` finds between them, as a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.report import words
from harness.report.comparing.view import Compared, Fallen, TaskComparison
from harness.report.comparing.words import (
    EXPLORATORY,
    difference_texts,
    head,
    moved_text,
    p_text,
    shown_parts,
    tests_text,
)
from harness.report.guard import label
from harness.report.page import Cell, Table, heads, number
from harness.report.site.page import COMPARE, Choice, Section, SitePage

_LONG = 600
_TEXT = 400


def comparison_page(
    release: str, choices: Sequence[tuple[str, str]], sides: tuple[str, str] = ("", ""),
    compared: Compared | None = None,
) -> SitePage:  # fmt: skip
    """`choices` are the words that name sides, with what they are; `sides` the two that were chosen."""
    return SitePage(
        "Compare",
        label(release),
        COMPARE,
        _sections(compared) if compared else (),
        choices=tuple(
            Choice(label(word), label(text, 160), word == sides[0], word == sides[1]) for word, text in choices
        ),
    )


def _sections(compared: Compared) -> tuple[Section, ...]:
    found = [Section("Sides", texts=tuple(label(text, _LONG) for text in head(compared)))]
    found += [_task(task) for task in compared.tasks]
    notes = [label(note, _LONG) for note in compared.notes]
    if any(task.parts for task in compared.tasks):
        notes.append(EXPLORATORY.format(words.plain_share(compared.alpha)))
    return (*found, *([Section("Notes", texts=tuple(notes))] if notes else []))


def _task(task: TaskComparison) -> Section:
    tables = [Table(f"Metrics of {label(task.name)}", _METRICS, tuple(_metrics(task)), style="cards")]
    if task.worst:
        rows = tuple(_worst(one) for one in task.worst)
        caption = f"Samples of {label(task.name)} that got worst by {label(task.judged_by)}"
        tables.append(Table(caption, tuple(map(Cell, ("Sample", "Input", "Target", "A", "B"))), rows, style="cards"))
    if task.parts:
        tables.append(Table(f"Parts of {label(task.name)}", _PARTS, tuple(_parts(task))))
    texts = []
    if task.confusions and task.confusions.samples:
        moved = moved_text(task.confusions) or "none moved"
        texts = [f"Confusions, target → answer (A, B): {moved}", label(tests_text(task.confusions), _LONG)]
    heading = f"{label(task.name)} ({words.count(task.samples, 'sample')})"
    return Section(heading, tables=tuple(tables), texts=tuple(texts))


_METRICS = heads("Metric", "A", "B", "Difference", "Interval", "Worse", "Better", "Same")
_PARTS = heads("Part", "Samples", "A", "B", "Difference", "p")


def _metrics(task: TaskComparison) -> Iterable[tuple[Cell, ...]]:
    for one in task.metrics:
        value, limits, method = difference_texts(one)
        ours, theirs = map(words.percent, one.values) if one.values else (words.NOT_MEASURED, words.NOT_MEASURED)
        counts = (len(one.worse), len(one.better), one.same)
        name = Cell(label(one.metric), note=one.better_values.note)
        yield (name, number(ours), number(theirs), number(value, label(method, _LONG)), number(limits),
               *(number(f"{count:,}") for count in counts))  # fmt: skip


def _worst(one: Fallen) -> tuple[Cell, ...]:
    scores = (words.percent(score) for score in one.scores)
    said = (Cell(label(text, _TEXT), note=score) for text, score in zip(one.said, scores, strict=True))
    return (Cell(label(one.id)), Cell(label(one.asked, _TEXT)), Cell(label(one.target, _TEXT)), *said)


def _parts(task: TaskComparison) -> Iterable[tuple[Cell, ...]]:
    for part in shown_parts(task):
        ours, theirs = part.values
        star = "* " if part.flagged else ""
        yield (Cell(f"{star}{label(part.metric)}[{label(part.part)}]"), number(f"{part.samples:,}"),
               number(words.percent(ours)), number(words.percent(theirs)), number(words.points(part.difference)),
               number(p_text(part.p)))  # fmt: skip
