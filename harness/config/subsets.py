"""The part of a task that a gate looks at: a class, a field, a slice, or each of them in a gate of its own."""

from __future__ import annotations

from typing import NamedTuple

from harness import catalog
from harness.config.schema import GateFile
from harness.config.source import nearest
from harness.core.policies import Subset
from harness.core.suites import MetricSpec, Task

Subsets = tuple[Subset | None, ...]


class Wrong(NamedTuple):
    """What is wrong with a key of a gate."""

    key: str
    message: str
    hint: str | None = None


def subsets_of(file: GateFile, task: Task | None, spec: MetricSpec | None) -> Subsets | Wrong:
    """The parts of `task` that a gate is for, one gate each; (None,) is the whole task.

    `spec` is the gate's metric; both are None where the metric is of no task (latency, errors).
    """
    given = {"class": file.class_, "field": file.field, "slice": file.slice, "each": file.each}
    keys = [key for key, value in given.items() if value is not None]
    if not keys:
        return (None,)
    if len(keys) > 1:
        return Wrong(keys[1], f"a gate looks at one part of a task; keep one of {', '.join(keys)}.")
    if task is None or spec is None:
        return Wrong(keys[0], f"{file.metric} is of no task, so it has no parts; drop '{keys[0]}'.")
    if file.each is not None:
        return _each(file.each, task, spec)
    if file.slice is not None:
        (column, value), slices = next(iter(file.slice.items())), slices_of(task)
        if column not in slices:
            return _no_slices("slice", column, task)
        found = _named("slice", value, slices[column], f"no sample of '{task.name}' has {column} '{value}'.")
        return found or (Subset("slice", column, value),)
    kind, name = keys[0], str(given[keys[0]])
    known = _names(kind, task, spec)
    if isinstance(known, str):
        return Wrong(kind, known)
    return _named(kind, name, known, f"'{task.name}' has no {kind} '{name}'.") or _checked([Subset(kind, name)], task)


def slices_of(task: Task) -> dict[str, list[str]]:
    """The values of each column that a task's samples are sliced by, in the order met."""
    found: dict[str, dict[str, None]] = {}
    for sample in task.samples:
        for column, value in sample.slices.items():
            found.setdefault(column, {})[value] = None
    return {column: list(values) for column, values in found.items()}


def _each(kind: str, task: Task, spec: MetricSpec) -> Subsets | Wrong:
    if kind in ("class", "field"):
        known = _names(kind, task, spec)
        return Wrong("each", known) if isinstance(known, str) else _checked([Subset(kind, n) for n in known], task)
    slices = slices_of(task)
    if kind not in slices:
        return _no_slices("each", kind, task, "class", "field")
    return tuple(Subset("slice", kind, value) for value in slices[kind])


def _names(kind: str, task: Task, spec: MetricSpec) -> list[str] | str:
    """The classes or the fields of a task, or why it has none."""
    plug = catalog.plug("tasks", task.kind)
    if kind == "class":
        labels = task.arguments.get("labels", getattr(plug, "classes", ()))
        found = [str(label) for label in labels] if isinstance(labels, list | tuple) else []
        return found or f"'{task.name}' is no classification (its kind is {task.kind}), so it has no classes."
    if not getattr(catalog.plug("metrics", spec.catalog_name), "parts", ""):
        return f"the metric '{spec.name}' gives no score for each field."
    return list(catalog.build("tasks", task.kind, task.arguments).fields)


def _checked(found: list[Subset], task: Task) -> Subsets | Wrong:
    """The parts, where each class has samples at all: without them nothing could be shown."""
    classes = [one for one in found if one.kind == "class"]
    targets = {str(sample.target) for sample in task.samples} if classes else set()
    for one in classes:
        if one.name not in targets:
            message = f"no sample of '{task.name}' is of the class '{one.name}', so nothing could be shown."
            return Wrong("class", message)
    return tuple(found)


def _named(key: str, name: str, known: list[str], message: str) -> Wrong | None:
    hint = nearest(name, known) or f"There are: {', '.join(known[:20])}."
    return None if name in known else Wrong(key, message, hint)


def _no_slices(key: str, column: str, task: Task, *others: str) -> Wrong:
    """That a task is not sliced by a column."""
    known = [*slices_of(task), *others]
    hint = nearest(column, known) or (f"There are: {', '.join(known)}." if known else None)
    return Wrong(key, f"'{task.name}' has no slices by '{column}'; name the column in its 'slices'.", hint)
