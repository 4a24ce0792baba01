"""Enough rows for the task kind: below the minimum a warning, below what is recommended a note; never an error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.data.checks._found import quoted
from harness.data.checks._portions import Portion, Portions
from harness.data.checks.interface import Setting
from harness.data.findings import DataFinding, Severity
from harness.data.rows import DataRow

# Of each kind the least and the recommended number, and of what.
MINIMA = {
    "classify": (50, 500, "rows a class"),
    "extract": (200, 1_000, "rows"),
    "format": (500, 2_000, "rows"),
    "refuse": (500, 2_000, "rows"),
    "generate": (1_000, 5_000, "rows"),
    "conversation": (2_000, 10_000, "turns"),
}
_NAMES = {
    "classify": "classification",
    "extract": "extraction",
    "format": "format compliance",
    "refuse": "refusals",
    "generate": "free text",
}


class Check:
    """Counts rows, classes and turns by task."""

    def __init__(self, setting: Setting) -> None:
        self._setting, self._portions = setting, Portions()

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        for _ in self._portions.add(rows):
            pass

    def findings(self) -> Iterator[DataFinding]:
        """One for each task that has too few."""
        found = [one for portion in self._portions for one in self._of(portion)]
        yield from sorted(found, key=lambda one: one.severity is Severity.NOTE)

    def _of(self, portion: Portion) -> Iterator[DataFinding]:
        kind = portion.kind(self._setting)
        if kind not in MINIMA:
            return
        least, recommended, unit = MINIMA[kind]
        what, count = _counted(portion, kind)
        if count >= recommended:
            return
        name = _NAMES.get(kind, kind)
        message = f"{what}{portion.name}: {name} needs {least:,} {unit} and does well with {recommended:,} or more."
        severity = Severity.WARNING if count < least else Severity.NOTE
        yield DataFinding("volume", severity, message, "Add rows; `harness data next` tells which to label first.")


def _counted(portion: Portion, kind: str) -> tuple[str, int]:
    if kind == "conversation":
        return f"{portion.turns:,} turns", portion.turns
    if kind != "classify" or not portion.labels:
        return f"{portion.rows:,} rows", portion.rows
    label, count = portion.labels.most_common()[-1]
    return f"{count:,} rows of the smallest class {quoted(label)}", count
