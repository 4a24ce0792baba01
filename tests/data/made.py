"""Training rows in one line."""

from __future__ import annotations

from collections.abc import Sequence

from harness.data.check import check_rows
from harness.data.checks.interface import Setting
from harness.data.findings import DataFinding
from harness.data.rows import DataRow


def row(
    line: int, asked: str, target: str, system: str = "", label: str | None = None, format: str = "chat"
) -> DataRow:
    """A conversation of one question, as it is read."""
    turns = ((("system", system),) if system else ()) + (("user", asked), ("assistant", target))
    value = {"messages": [{"role": role, "content": text} for role, text in turns]}
    return DataRow("rows.jsonl", line, format, asked, target, turns, value, label)


def made(pairs: Sequence[tuple[str, str]], system: str = "") -> list[DataRow]:
    """Rows of inputs and targets, their lines from 1 on."""
    return [row(line, asked, target, system) for line, (asked, target) in enumerate(pairs, 1)]


def found(name: str, rows: Sequence[DataRow], setting: Setting | None = None, size: int = 3) -> list[DataFinding]:
    """What a check finds; the rows come in small batches, so that no check relies on seeing them at once."""
    batches = [rows[start : start + size] for start in range(0, len(rows), size)]
    return list(check_rows(batches, setting or Setting(), [name]).findings)


def lines(finding: DataFinding) -> list[int]:
    return [place.line for place in finding.places]


def dropped(findings: Sequence[DataFinding]) -> set[int]:
    return {place.line for finding in findings for place in finding.drop}
