"""The ground of a picture with two axes: where a value lies, quiet grid lines, ticks that do not touch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.report.pictures.canvas import Size, wide
from harness.report.pictures.shapes import Line, Shape, Text

Tick = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Frame:
    """Values within `across` and `up` (which must not be empty) on a picture of `height` pixels.

    `title` says what the heights are; `room` is kept free on the right for the names of lines.
    """

    size: Size
    height: float
    across: tuple[float, float]
    up: tuple[float, float]
    title: str
    room: float = 12

    @property
    def left(self) -> float:
        """Where the values begin: the ticks' texts stand left of it."""
        return 52

    @property
    def right(self) -> float:
        """Where the values end."""
        return self.size.width - self.room

    def x(self, value: float) -> float:
        """Where a value lies from left to right."""
        low, high = self.across
        return self.left + (self.right - self.left) * min(1.0, max(0.0, (value - low) / (high - low)))

    def y(self, value: float) -> float:
        """Where a value lies from the top down."""
        low, high = self.up
        return self.height - 26 - (self.height - 52) * min(1.0, max(0.0, (value - low) / (high - low)))

    def axes(self, x_ticks: Sequence[Tick], y_ticks: Sequence[Tick], about: str = "") -> Iterator[Shape]:
        """Grid lines, their texts, and what the axes are: `about` says it of the one below."""
        yield Text(0, 9, self.title, "soft", 11.5)
        for value, text in y_ticks:
            y = self.y(value)
            yield Line(self.left, y, self.right, y, "line", 0.75)
            yield Text(self.left - 8, y, text, "soft", 11, "end")
        bottom, taken = self.height - 26, -1e9
        said = wide(about, 11)
        for value, text in x_ticks:
            x, half = self.x(value), wide(text, 11) / 2
            if x - half < taken or (about and x + half + 14 > self.size.width - said):
                continue
            taken = x + half + 12
            yield Line(x, bottom, x, bottom + 4, "line", 1)
            yield Text(min(max(x, half), self.size.width - half), bottom + 14, text, "soft", 11, "middle")
        if about:
            yield Text(self.size.width, bottom + 14, about, "soft", 11, "end")


def apart(places: Sequence[float], gap: float) -> list[float]:
    """Heights of texts as near to `places` as can be, none nearer to another than `gap`."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    moved = list(places)
    for before, index in pairwise(order):
        moved[index] = max(moved[index], moved[before] + gap)
    shift = sum(new - old for new, old in zip(moved, places, strict=True)) / (len(places) or 1)
    return [place - shift for place in moved]
