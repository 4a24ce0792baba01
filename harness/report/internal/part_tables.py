"""Tables of parts: the fields of extracted records, and slices of the samples."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.guard import label
from harness.report.internal.figures import own_cell
from harness.report.internal.page import rest
from harness.report.numbers import PartNumbers, TaskNumbers
from harness.report.page import Cell, Table, heads, number

_MOST = 60


def field_table(task: TaskNumbers, roles: Sequence[str]) -> Table:
    """Every field by every metric that has parts, for every model."""
    parts = task.fields
    by_field: dict[str, dict[str, PartNumbers]] = {}
    for part in parts:
        by_field.setdefault(part.name, {})[part.metric] = part
    metrics = list(dict.fromkeys(part.metric for part in parts))
    rows = tuple(
        (
            Cell(label(field)),
            number(f"{max(part.samples for part in found.values()):,}"),
            *(_cell(found.get(metric), role) for metric in metrics for role in roles),
        )
        for field, found in list(by_field.items())[:_MOST]
    )
    named = (Cell(label(metric), "number", label(role)) for metric in metrics for role in roles)
    head = (Cell("Field"), Cell("Samples", "number"), *named)
    return Table(f"Field by field of {label(task.key)}", head, rows, rest(len(by_field), _MOST, "field"))


def slice_table(task: TaskNumbers, roles: Sequence[str]) -> Table:
    """The main metric on each slice of the samples, for every model."""
    rows = tuple(
        (
            Cell(label(f"{part.column}: {part.name}" if part.column else part.name)),
            number(f"{part.samples:,}"),
            *(own_cell(part.own.get(role)) for role in roles),
        )
        for part in task.slices[:_MOST]
    )
    metrics = ", ".join(label(name) for name in dict.fromkeys(part.metric for part in task.slices))
    head = heads("Slice", "Samples", *(label(role) for role in roles))
    return Table(f"Slice by slice of {label(task.key)}: {metrics}", head, rows, rest(len(task.slices), _MOST, "slice"))


def _cell(part: PartNumbers | None, role: str) -> Cell:
    return own_cell(part.own.get(role) if part else None)
