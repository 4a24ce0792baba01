"""Which answer came for which target, as shades."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.report import guard
from harness.report.numbers import Confusion
from harness.report.page import Picture
from harness.report.pictures import shapes
from harness.report.pictures.canvas import Size, fit, picture, wide
from harness.report.pictures.shapes import Shape

MOST = 16
NO_LABEL = "no label"

_DARKEST = 0.45  # a count must stay legible on it, on light paper and on dark


def confusion(found: Confusion) -> Picture | None:
    """Counts of answers by target, shaded by their share of the row; None for no class, or more than 16."""
    if not found.classes or len(found.classes) > MOST:
        return None
    right = sum(found.counts.get((name, name), 0) for name in found.classes)
    alt = f"{right:,} of {sum(found.counts.values()):,} answers are the target's own class. {_mixed_up(found)}".strip()
    return picture(lambda size: _draw(size, found), alt)


def _mixed_up(found: Confusion) -> str:
    wrong = {pair: count for pair, count in found.counts.items() if pair[0] != pair[1] and count}
    if not wrong:
        return ""
    target, answer = max(wrong, key=lambda pair: (wrong[pair], pair[0], pair[1] or ""))
    return f"Most often mixed up: {target} answered as {answer or NO_LABEL} ({wrong[target, answer]:,})."


def _draw(size: Size, found: Confusion) -> shapes.Drawing:
    table = _Table(size, found)
    return shapes.Drawing(size.width, table.height, tuple(table.shapes()))


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows are targets, columns are answers; where names do not fit above the columns, numbers stand for them."""

    size: Size
    found: Confusion

    @property
    def answers(self) -> tuple[str | None, ...]:
        return (*self.found.classes, None)

    @property
    def left(self) -> float:
        return 84 if self.size.narrow else 190

    @property
    def width(self) -> float:
        """Of a cell."""
        return min(84.0, (self.size.width - self.left) / len(self.answers))

    @property
    def tall(self) -> float:
        """Of a cell."""
        return 26 if self.size.narrow else 30

    @property
    def height(self) -> float:
        return 46 + self.tall * len(self.found.classes)

    @property
    def numbered(self) -> bool:
        heads = [NO_LABEL if name is None else guard.label(name) for name in self.answers]
        return any(wide(head, 11.5) > self.width - 4 for head in heads)

    def shapes(self) -> Iterator[Shape]:
        """Everything."""
        yield shapes.Text(0, 32, "target", "soft", 11)
        about = ", by the targets' numbers" if self.numbered else ""
        about += "; per cent of each row" if self.shares else ""
        yield shapes.Text(self.left, 8, "answer" + about, "soft", 11)
        for column, name in enumerate(self.answers):
            middle = self.left + (column + 0.5) * self.width
            yield shapes.Text(middle, 32, self.head(column, name), "soft", 11.5, "middle")
        for row, target in enumerate(self.found.classes):
            middle = 44 + (row + 0.5) * self.tall
            shown = f"{row + 1} {target}" if self.numbered else target
            yield shapes.Text(0, middle, fit(shown, self.left - 8, 12), "ink", 12)
            yield from self.row(row, target, middle)

    def head(self, column: int, name: str | None) -> str:
        if name is None:
            return NO_LABEL if wide(NO_LABEL, 11.5) <= self.width - 2 else "–"
        return str(column + 1) if self.numbered else name

    @property
    def shares(self) -> bool:
        """Whether counts are too long for the cells, so that each row's per cent stand in their place."""
        return any(wide(f"{count:,}", 11) > self.width for count in self.found.counts.values())

    def row(self, row: int, target: str, middle: float) -> Iterator[Shape]:
        counts = [self.found.counts.get((target, answer), 0) for answer in self.answers]
        total = sum(counts) or 1
        for column, count in enumerate(counts):
            x, y = self.left + column * self.width, middle - self.tall / 2
            tone = "ours" if column == row else "fail"
            if count:
                yield shapes.Box(x + 1, y + 1, self.width - 2, self.tall - 2, tone, _DARKEST * count / total)
            if column == row:
                yield shapes.Box(x + 1, y + 1, self.width - 2, self.tall - 2, "ours", 0.0, 1.5)
            font, text = 11 if self.size.narrow else 12, self.told(count, total)
            yield shapes.Text(x + self.width / 2, middle, text, "ink", font, "middle", column == row)

    def told(self, count: int, total: int) -> str:
        """A count, or its per cent of its row; nothing for 0, so that the eye finds what is there."""
        if not count:
            return ""
        if not self.shares:
            return f"{count:,}"
        share = round(100 * count / total)
        return "<1" if share == 0 else ">99" if share == 100 and count < total else str(share)
