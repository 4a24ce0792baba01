"""How a task held under each perturbation: the same samples before and after."""

from __future__ import annotations

from harness.core.estimates import Unestimable
from harness.report import words
from harness.report.guard import label
from harness.report.internal.figures import REASON, tone
from harness.report.numbers import Perturbed, Robustness
from harness.report.page import Cell, Table, heads, missing, number


def robustness_table(found: Robustness, name: str) -> Table:
    """A row for each perturbation. Where there is nothing to compare, the table says why."""
    head = heads("Perturbation", "Samples", "Perturbed", "Clean", "Difference", "Interval")
    clean = f"Clean: the same samples of {label(found.clean)}, before they were perturbed."
    note = f"Nothing to compare: {label(found.problem, REASON)}." if found.problem else clean
    return Table(
        f"{label(name)} perturbed against clean: {label(found.metric)}", head, tuple(map(_row, found.kinds)), note
    )


def _row(one: Perturbed) -> tuple[Cell, ...]:
    name, count, nothing = Cell(label(one.kind)), number(f"{one.samples:,}"), number(words.NOTHING)
    found = one.change
    if isinstance(found, Unestimable):
        return name, count, missing(label(found.reason, REASON)), nothing, nothing, nothing
    return (
        name,
        count,
        number(words.percent(found.candidate)),
        number(words.percent(found.baseline)),
        Cell(words.points(found.difference), f"number {tone(found)}"),
        number(words.interval(found.low, found.high, words.points), label(found.method)),
    )
