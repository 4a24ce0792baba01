"""Lines, texts and dots at places in pixels, from the top left corner; colours are variables of the style sheet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line."""

    x: float
    y: float
    x_end: float
    y_end: float
    colour: str
    width: float
    opacity: float = 1.0
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """A line through places."""

    places: tuple[tuple[float, float], ...]
    colour: str
    width: float
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Arrow:
    """The head of an arrow from one place to another."""

    x: float
    y: float
    x_end: float
    y_end: float
    colour: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text whose middle height is at y; it starts, is centred or ends at x."""

    x: float
    y: float
    text: str
    colour: str
    size: float
    side: str = "start"
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A dot: 21 is a circle, 22 a square, 23 a diamond, 24 a triangle."""

    x: float
    y: float
    shape: int
    colour: str
    fill: str
    radius: float = 5.0


@dataclass(frozen=True, slots=True)
class Area:
    """A filled outline."""

    outline: tuple[tuple[float, float], ...]
    colour: str
    opacity: float


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, filled or (with `opacity` 0) only its edge."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    opacity: float
    edge: float = 0.0


Shape = Line | Path | Arrow | Text | Point | Area | Box


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes on a ground of so many pixels."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
