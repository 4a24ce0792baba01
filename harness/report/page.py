"""What every page is made of, as values: texts ready to be shown, so that templates compute nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup

from harness.core.ids import digest_json
from harness.core.verdicts import Verdict
from harness.report import words


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table. `style` is a class of the style sheet; `note` is read below the text, small."""

    text: str
    style: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column names the rows. `style` is a class of the style sheet."""

    caption: str
    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A verdict to be seen: never by colour alone."""

    word: str
    glyph: str
    tone: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing as SVG, for a wide page and for a phone (the style shows one of them). `alt` says what is seen."""

    wide: Markup
    narrow: Markup
    alt: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with its caption, and the table behind it."""

    caption: str
    picture: Picture
    table: Table
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A term and what it is."""

    term: str
    text: str
    detail: str = ""


def anchor(kind: str, *names: str) -> str:
    """An id for a link within the page: "gate-triage-accuracy-at-least-3f2a9c", safe whatever the names hold."""
    slug = re.sub(r"[^a-z0-9]+", "-", "-".join(names).lower()).strip("-")[:60]
    return "-".join(part for part in (kind, slug, digest_json(list(names))[:6]) if part)


def mark(verdict: Verdict) -> Mark:
    """A verdict's word, glyph and tone."""
    return Mark(verdict.value, words.GLYPHS[verdict], verdict.value.lower())


def heads(first: str, *others: str) -> tuple[Cell, ...]:
    """Heads of a table whose columns after the first hold numbers."""
    return (Cell(first), *(Cell(other, "number") for other in others))


def number(text: str, note: str = "") -> Cell:
    """A cell that holds a number."""
    return Cell(text, "number", note)


def missing(reason: str) -> Cell:
    """A number that is not there, and why."""
    return Cell(words.NOT_MEASURED, "number missing", reason)
