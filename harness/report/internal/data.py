"""The data report: what was asked, of which classes, how long, what taught the adapter, and what was compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from harness.core.ids import short
from harness.report import words
from harness.report.guard import label
from harness.report.internal.page import rest
from harness.report.material import Material
from harness.report.numbers import Lengths, TaskNumbers
from harness.report.page import Cell, Table, heads, missing, number
from harness.report.taught import AskedData, DataNumbers

_TASKS = 100
_CLASSES = 60


def data_tables(material: Material) -> tuple[Table, ...]:
    """Samples, input lengths and class balance of each task, the rows that taught, and the search for leaks."""
    tasks = material.tasks
    found = [_samples(tasks)] if tasks else []
    found += [_balance(task) for task in tasks[:_TASKS] if task.classes]
    found += [_taught(material.data), _sought(material.data, _leaked(material))] if material.data else []
    return tuple(found)


def _samples(tasks: tuple[TaskNumbers, ...]) -> Table:
    rows = tuple(
        (
            Cell(label(task.key)),
            number(f"{task.samples:,}"),
            number(f"{task.groups:,}" if 0 < task.groups < task.samples else words.NOTHING),
            number(f"{task.repeats:,}"),
            number(f"{len(task.classes):,}" if task.classes else words.NOTHING),
            *_lengths(task.lengths),
        )
        for task in tasks[:_TASKS]
    )
    lengths = (Cell(name, "number", "characters") for name in ("Shortest", "Middle", "95 % up to", "Longest"))
    head = (*heads("Task", "Samples", "Groups", "Asked each", "Classes"), *lengths)
    note = (
        f"Groups are the units that stand for themselves; — where each sample does. {rest(len(tasks), _TASKS, 'task')}"
    )
    return Table("Samples by task, and how long their inputs are", head, rows, note.strip())


def _lengths(found: Lengths | None) -> tuple[Cell, ...]:
    if found is None:
        return missing("unknown"), *[number(words.NOTHING)] * 3
    return tuple(number(f"{length:,}") for length in (found.least, found.middle, found.p95, found.most))


def _balance(task: TaskNumbers) -> Table:
    whole = sum(one.targets for one in task.classes)
    rows = tuple(
        (
            Cell(label(one.name)),
            number(f"{one.targets:,}"),
            number(words.percent(one.targets / whole) if whole else words.NOTHING),
        )
        for one in task.classes[:_CLASSES]
    )
    note = rest(len(task.classes), _CLASSES, "class", "classes")
    caption = f"Classes of {label(task.key)}, by evaluated samples"
    return Table(caption, heads("Class", "Samples", "Share"), rows, note, style="narrow")


def _taught(data: DataNumbers | None) -> Table:
    taught = data.taught if data else ()
    rows = tuple(
        (
            Cell(label(one.what)),
            missing("nobody counted them") if one.rows is None else number(f"{one.rows:,}"),
            Cell(label(one.digest), "digest"),
        )
        for one in taught
    )
    head = (Cell("File"), Cell("Rows", "number"), Cell("Digest"))
    return Table("Rows that taught the adapter", head, rows, "" if rows else "None are known: the adapter was given.")


def _sought(data: DataNumbers | None, leaked: Mapping[str, Collection[str]]) -> Table:
    """What was found; `leaked` are the ids of samples that the decision names, by suite.task."""
    rows = tuple(
        (
            Cell(label(f"{one.suite}.{one.task}")),
            number(f"{one.samples:,}"),
            Cell(short(one.digest) if one.digest else "unknown", "digest"),
            _found(one, leaked.get(f"{one.suite}.{one.task}", ())),
        )
        for one in (data.asked[:_TASKS] if data else ())
    )
    head = (Cell("Task"), Cell("Samples", "number"), Cell("Data"), Cell("Questions among the rows that taught"))
    note = (
        "A release with more test questions among its training rows than policy.max_leaked allows is refused; those "
        "that it allows are named in the decision's notes."
    )
    return Table("Search for test questions in the training rows", head, rows, note)


def _leaked(material: Material) -> dict[str, Collection[str]]:
    """The samples that the decision names as leaked: so many were allowed."""
    found = material.decision.candidate.get("leaked")
    return (
        {str(task): ids for task, ids in found.items() if isinstance(ids, list)} if isinstance(found, Mapping) else {}
    )


def _found(one: AskedData, leaked: Collection[str]) -> Cell:
    if not one.sought:
        return Cell("not looked for, so not known", "missing")
    return Cell(f"{len(leaked):,}, which policy.max_leaked allows" if leaked else "none found")
