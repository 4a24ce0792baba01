"""Two sides compared, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.report import words
from harness.report.comparing.view import Compared, Fallen, MetricDifference, TaskComparison
from harness.report.comparing.words import (
    EXPLORATORY,
    head,
    interval_of,
    metric_text,
    moved_text,
    part_text,
    shown_parts,
    tests_text,
    value_texts,
)
from harness.report.guard import label
from harness.report.screen import wrapped

_NARROWEST = 40
_IDS = 10
_TEXT = 240


def lines(compared: Compared, width: int) -> list[str]:
    """Both sides, each task with its metrics, samples, confusions and parts, then the notes.

    No line is wider than `width` columns (40 at least).
    """
    width = max(width, _NARROWEST)
    found = [line for text in head(compared) for line in _wrapped(text, width, 0, 3)]
    for task in compared.tasks:
        found += ["", *_wrapped(f"{task.name}  ({words.count(task.samples, 'sample')})", width, 0)]
        found += [line for indent, hang, text in _task(task) for line in _wrapped(text, width, indent, hang)]
    if any(task.parts for task in compared.tasks):
        found += ["", *_wrapped(EXPLORATORY.format(words.plain_share(compared.alpha)), width, 0, 2)]
    notes = [line for note in compared.notes for line in _wrapped(f"note: {note}", width, 0, 6)]
    return [*found, *(["", *notes] if notes else [])]


def _task(task: TaskComparison) -> Iterator[tuple[int, int, str]]:
    """Indent, hanging indent and text of each line."""
    for one in task.metrics:
        yield 2, 4, f"{metric_text(one)}  {value_texts(one)}  {interval_of(one)}"
        yield 4, 4, _counted(one)
    for one in (one for one in task.metrics if one.metric == task.judged_by):
        yield from ((2, 4, f"{title} by {one.metric}: {_ids(ids)}") for title, ids in
                    (("got worse", one.worse), ("got better", one.better)) if ids)  # fmt: skip
    for sample in task.worst:
        yield from _fallen(sample)
    if task.confusions and task.confusions.samples:
        yield 2, 4, f"confusions, target → answer (A, B): {moved_text(task.confusions) or 'none moved'}"
        yield 4, 4, tests_text(task.confusions)
    for part in shown_parts(task):
        yield 2, 6, part_text(part)
    hidden = len(task.parts) - len(shown_parts(task))
    if hidden:
        yield 4, 4, f"{words.count(hidden, 'more part')} in --format json"


def _counted(one: MetricDifference) -> str:
    return f"{len(one.worse):,} worse, {len(one.better):,} better, {one.same:,} the same"


def _ids(ids: tuple[str, ...]) -> str:
    more = f" and {len(ids) - _IDS:,} more" if len(ids) > _IDS else ""
    return ", ".join(map(label, ids[:_IDS])) + more


def _fallen(sample: Fallen) -> Iterable[tuple[int, int, str]]:
    ours, theirs = (words.percent(score) for score in sample.scores)
    yield 2, 4, f"worst: {label(sample.id)}  A {ours}, B {theirs}"
    for name, text in (("input", sample.asked), ("target", sample.target), *zip(("A", "B"), sample.said, strict=True)):
        yield 6, 14, f"{name:<6}  {text if len(text) <= _TEXT else text[:_TEXT] + '…'}"


def _wrapped(text: str, width: int, indent: int, hang: int | None = None) -> list[str]:
    """A text on lines of `width` columns, the first indented by `indent`, the others by `hang`."""
    before, after = " " * indent, " " * (indent if hang is None else hang)
    return wrapped(label(text, 2_000), width, before, after)
