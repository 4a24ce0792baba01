"""Where the things of strips go, in pixels: no row may touch its neighbour's texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from harness.report.pictures import shapes
from harness.report.pictures.canvas import Size, fit, wide, wrap
from harness.report.pictures.shapes import Shape
from harness.report.pictures.strips import Dot, Panel, Strip

_STEP = 17  # from one line of a row to the next
_NAME = 16  # from one line of a row's name to the next
_PAD = 9  # above and below a row
_FOOT = 24  # below the last row of a panel
_SMALL = 11.5


def draw(panels: Sequence[Panel], size: Size) -> shapes.Drawing:
    """The panels one below the other."""
    drawn: list[Shape] = []
    top = 0.0
    for panel in panels:
        layout = _Layout(panel, size, top)
        drawn += layout.shapes()
        top = layout.bottom + 10
    return shapes.Drawing(size.width, top, tuple(drawn))


@dataclass(frozen=True, slots=True)
class _Layout:
    """A panel from `top` on."""

    panel: Panel
    size: Size
    top: float

    @property
    def stacked(self) -> bool:
        """Whether a row has its words above it, not beside it."""
        return self.size.narrow and not self.panel.beside

    @property
    def left(self) -> float:
        return 6 if self.size.narrow else 205 if self.panel.beside else 256

    @property
    def right(self) -> float:
        if self.stacked:
            return self.size.width - 8
        return 206 if self.size.narrow else 540 if self.panel.beside else 596

    @property
    def head(self) -> float:
        """The height above the first row."""
        return 4 if self.panel.at is None or not self.panel.ticks else 24

    @property
    def rows_end(self) -> float:
        return self.top + self.head + sum(map(self.height, self.panel.strips))

    @property
    def bottom(self) -> float:
        return self.rows_end + (_FOOT if self.panel.ticks else 0) + (15 if self.size.narrow and self.panel.about else 0)

    def header(self, strip: Strip) -> float:
        """The height of the words above a row: on a phone only."""
        if not self.size.narrow:
            return 0
        told = max(len(self.told(strip)), len(strip.notes) if self.stacked else 1)
        return (24 if strip.hill else 20) + _NAME * (told - 1)

    def lines(self, strip: Strip) -> int:
        """How many lines the middle of a row takes."""
        words = 0 if self.stacked else len(strip.notes)
        beside = 1 if self.size.narrow else len(self.told(strip))
        return max(beside, len(strip.dots), words) + (1 if strip.hill else 0)

    def told(self, strip: Strip) -> tuple[shapes.Text, ...]:
        """The lines that name a row, from the top of the picture down."""
        notes = max((wide(note.lead + note.text, 12.5) for note in strip.notes), default=0.0)
        notes = min(notes, 0.6 * self.size.width)
        room = self.size.width - (notes + 16 if self.stacked else 0) if self.size.narrow else self.left - 16
        name = [shapes.Text(0, 0, text, "ink", 13, bold=True) for text in wrap(strip.name, room, bold=True)]
        detail = wrap(strip.detail, room, _SMALL, lines=2) if strip.detail else ()
        lines = (*name, *(shapes.Text(0, 0, text, "soft", _SMALL) for text in detail))
        return tuple(replace(line, y=_NAME * index) for index, line in enumerate(lines))

    def height(self, strip: Strip) -> float:
        return 2 * _PAD + self.header(strip) + _STEP * self.lines(strip)

    def x(self, value: float) -> float:
        low, high = self.panel.limits
        return self.left + (self.right - self.left) * min(1.0, max(0.0, (value - low) / (high - low)))

    def shapes(self) -> Iterator[Shape]:
        """Everything of the panel."""
        top = self.top + self.head
        marks = self.marks()
        broken = self.size.narrow or any(strip.missing for strip in self.panel.strips)
        if not broken:
            yield from self.scale(marks, top, self.rows_end)
        for strip in self.panel.strips:
            end = top + self.height(strip)
            yield shapes.Line(0, top, self.size.width, top, "line", 1)
            if broken and not strip.missing:
                start = top + self.header(strip) + _PAD - 2 if self.size.narrow else top
                yield from self.scale(marks, start, end)
            yield from self.row(strip, top)
            top = end
        yield shapes.Line(0, top, self.size.width, top, "line", 1)
        yield from (self.kept(x, top + 13, text, "soft") for x, text in marks)
        yield shapes.Text(0, top + (28 if self.size.narrow else 13), self.panel.about, "soft", 11)
        yield from self.reference()

    def scale(self, marks: Sequence[tuple[float, str]], top: float, end: float) -> Iterator[Shape]:
        """Grid lines and the line through all rows; they leave out words, on a phone those of every row."""
        for x, _ in marks:
            yield shapes.Line(x, top, x, end, "line", 0.75)
        if self.panel.at is not None and self.panel.ticks:
            yield shapes.Line(self.x(self.panel.at), top, self.x(self.panel.at), end, "ink", 1.5)

    def marks(self) -> list[tuple[float, str]]:
        """The ticks whose texts stand free of each other; the unit at the last one."""
        places = [(self.x(value), text) for value, text in self.panel.ticks]
        for every in range(1, len(places) + 1):
            start = next((i for i, (_, text) in enumerate(places) if text == "0"), 0) % every
            taken = places[start::every]
            if all(b[0] - a[0] > (wide(a[1], 11) + wide(b[1], 11)) / 2 + 12 for a, b in pairwise(taken)):
                break
        else:
            taken = places[:1]
        return [*taken[:-1], (taken[-1][0], taken[-1][1] + self.panel.unit)] if taken else []

    def kept(self, x: float, y: float, text: str, tone: str) -> Shape:
        """A text centred at x, but within the picture."""
        half = wide(text, 11) / 2
        return shapes.Text(min(max(x, half), self.size.width - half), y, text, tone, 11, "middle")

    def reference(self) -> Iterator[Shape]:
        """The words above the line through all rows."""
        if self.panel.at is None or not self.panel.ticks:
            return
        x, y, half = self.x(self.panel.at), self.top + self.head - 13, wide(self.panel.at_text, 11) / 2
        yield self.kept(x, y, self.panel.at_text, "ink")
        x = min(max(x, half), self.size.width - half)
        if x - half - 12 > wide(self.panel.left, 11):
            yield shapes.Text(x - half - 12, y, self.panel.left, "soft", 11, "end")
        if x + half + 12 + wide(self.panel.right, 11) < self.size.width:
            yield shapes.Text(x + half + 12, y, self.panel.right, "soft", 11)

    def row(self, strip: Strip, top: float) -> Iterator[Shape]:
        """The words, the dots and the hill of one row."""
        lines = self.lines(strip)
        first = top + _PAD + self.header(strip) + _STEP / 2
        yield from self.names(strip, top, first + (lines - 1) * _STEP / 2)
        yield from self.notes(strip, top, first)
        if strip.missing:
            text = fit(strip.missing, self.right - self.left, _SMALL)
            yield shapes.Text(self.left, first + (lines - 1) * _STEP / 2, text, "soft", _SMALL)
        base = first + (_STEP if strip.hill else 0)
        yield from self.hill(strip, base - 7)
        free = lines - (1 if strip.hill else 0) - len(strip.dots)
        shift = free * _STEP / 2 if len(strip.dots) == 1 else 0
        for index, dot in enumerate(strip.dots):
            yield from self.dot(dot, base + shift + index * _STEP)

    def names(self, strip: Strip, top: float, middle: float) -> Iterator[Shape]:
        lines = self.told(strip)
        y = top + _PAD + 8 if self.size.narrow else middle - (len(lines) - 1) * _NAME / 2
        yield from (replace(line, y=y + line.y) for line in lines)

    def notes(self, strip: Strip, top: float, first: float) -> Iterator[Shape]:
        x = self.size.width if self.stacked else self.right + (14 if self.size.narrow else 24)
        base = first + (_STEP if strip.hill else 0)
        alone = (self.lines(strip) - 1) * _STEP / 2 if len(strip.notes) == 1 and not strip.hill else 0
        y = top + _PAD + 8 if self.stacked else base + alone
        room = self.size.width * 0.6 if self.stacked else self.size.width - x
        for index, note in enumerate(strip.notes):
            lead = fit(note.lead, room - 30, 12.5, note.bold)
            text = lead + fit(note.text, max(30, room - wide(lead, 12.5)), 12.5, note.bold)
            side = "end" if self.stacked else "start"
            yield shapes.Text(x, y + index * 16.5, text, note.colour, 12.5, side, note.bold)

    def hill(self, strip: Strip, base: float) -> Iterator[Shape]:
        if strip.hill:
            tone = strip.dots[0].colour if strip.dots else "neutral"
            outline = [(self.x(x), base - height * _STEP * 1.1) for x, height in strip.hill]
            yield shapes.Area((*outline, (outline[-1][0], base), (outline[0][0], base)), tone, 0.35)

    def dot(self, dot: Dot, y: float) -> Iterator[Shape]:
        x = self.x(dot.value)
        for limit, edge in ((dot.low, self.left), (dot.high, self.right)):
            if limit is None and not dot.bare:
                yield shapes.Line(x, y, edge, y, dot.colour, 1.5, dashed=True)
                yield shapes.Arrow(x, y, edge, y, dot.colour)
            elif limit is not None:
                yield shapes.Line(x, y, self.x(limit), y, dot.colour, 5, opacity=0.45)
        fill = "paper" if dot.hollow else dot.colour
        yield shapes.Point(x, y, dot.shape, dot.colour if dot.hollow else "paper", fill)
