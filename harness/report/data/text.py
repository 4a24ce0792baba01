"""The data report as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from harness.report.data.view import DataView
from harness.report.page import Cell, Table
from harness.report.screen import wrapped

_NARROWEST = 60
_WIDEST_CELL = 40


def lines(view: DataView, width: int) -> list[str]:
    """Facts, notices, then each section's tables. Long texts are wrapped to `width` columns (60 at least)."""
    width = max(width, _NARROWEST)
    found = [view.title, ""]
    found += [f"  {fact.term:<12} {fact.text}{f' ({fact.detail})' if fact.detail else ''}" for fact in view.facts]
    for notice in view.notices:
        found += wrapped(f"note: {notice}", width, "", "      ")
    for part in view.parts:
        found += ["", part.title.upper()]
        found += [f"  {part.none}"] if not part.tables else []
        for table in part.tables:
            found += ["", *_table(table, width)]
    return found


def _table(table: Table, width: int) -> Iterator[str]:
    """In columns where they fit, notes beside the texts or else below them; row by row where they don't."""
    yield table.caption
    right = [head.style.startswith("number") for head in table.head]
    heads = [head.text for head in table.head]
    beside = [heads, *([_text(cell) for cell in row] for row in table.rows)]
    below = [
        heads,
        *(line for row in table.rows for line in ([c.text for c in row], [c.note for c in row]) if any(line)),
    ]
    for cells in (beside, below):
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        if max(widths) <= _WIDEST_CELL and sum(widths) + 2 * len(widths) <= width:
            yield from (_columns(row, widths, right) for row in cells)
            break
    else:
        for row in beside[1:]:
            yield from wrapped("  ".join(row), width, "  ", "      ")
    if table.note:
        yield from wrapped(table.note, width, "  ", "  ")


def _columns(row: list[str], widths: list[int], right: list[bool]) -> str:
    cells = (text.rjust(size) if to else text.ljust(size) for text, size, to in zip(row, widths, right, strict=True))
    return "  " + "  ".join(cells).rstrip()


def _text(cell: Cell) -> str:
    return f"{cell.text} ({cell.note})" if cell.note else cell.text
