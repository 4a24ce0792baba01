"""The waivers: whose word keeps which gate from counting, and what became of it."""

from __future__ import annotations

from harness.core.decisions import Decision
from harness.report.guard import label
from harness.report.internal.gates import SENTENCE
from harness.report.page import Cell, Table


def waivers_table(decision: Decision) -> Table | None:
    """Every waiver in the file's order; None where there is none."""
    rows = tuple(
        (
            Cell(label(use.waiver.gate)),
            Cell(label(use.outcome.replace("_", " "))),
            Cell(label(use.waiver.owner), note=f"until {label(use.waiver.expires)}"),
            Cell(label(use.waiver.reason, SENTENCE)),
            Cell(label(use.sentence, SENTENCE), "sentence"),
        )
        for use in decision.waivers
    )
    head = tuple(Cell(name) for name in ("Gate", "Waiver", "Owner", "Reason", "Finding"))
    return Table("Waivers", head, rows, style="cards") if rows else None
