"""Rows that share a scale: a name, dots with their intervals, and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.report.pictures.canvas import span


@dataclass(frozen=True, slots=True)
class Dot:
    """A value with its interval; `shape` as the library counts them. A `hollow` dot is filled with the paper.

    A limit of None is an open end, unless the dot is `bare`: then it is a value without an interval.
    """

    value: float
    low: float | None
    high: float | None
    colour: str
    shape: int = 21
    hollow: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A line of words beside a row: the first for its first dot, and so on, or all for the row.

    Where it is too long, what follows `lead` is shortened.
    """

    text: str
    colour: str = "ink"
    bold: bool = False
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Strip:
    """One row. `dots` stand one below the other, `hill` is an outline above them: (x, height from 0 to 1).

    `missing` says why nothing is drawn.
    """

    name: str
    detail: str = ""
    dots: tuple[Dot, ...] = ()
    notes: tuple[Note, ...] = ()
    hill: tuple[tuple[float, float], ...] = ()
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """Rows on one scale. `ticks` are its places and their texts, `unit` stands at the last of them.

    `about` says what the scale is. `at` is a line through all rows, with its name; `left` and `right` say what the
    sides of that line mean. With `beside` the words tell of single dots, and stand beside them on a phone, too.
    """

    strips: tuple[Strip, ...]
    ticks: tuple[tuple[float, str], ...]
    limits: tuple[float, float]
    unit: str = ""
    about: str = ""
    at: float | None = None
    at_text: str = ""
    left: str = ""
    right: str = ""
    beside: bool = False


def limits_of(strips: Sequence[Strip], *others: float, least: float = 0.0) -> tuple[float, float]:
    """A stretch at least `least` wide on which all dots, their intervals and `others` fit."""
    numbers = [number for strip in strips for dot in strip.dots for number in (dot.value, dot.low, dot.high)]
    low, high = span([*numbers, *others])
    more = max(0.0, least - (high - low)) / 2
    return low - more, high + more
