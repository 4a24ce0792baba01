"""The page as values: every text ready to be shown, so that templates compute nothing."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

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
class Plot:
    """A drawing of one line: what it is of, the number, the words beside it."""

    name: str
    detail: str
    value: str
    svg: Markup
    mark: Mark | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A term and what it is."""

    term: str
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Gates:
    """The rules and what was found."""

    plots: tuple[Plot, ...]
    table: Table
    note: str


@dataclass(frozen=True, slots=True)
class Comparing:
    """The candidate against one baseline, metric by metric."""

    baseline: str
    plots: tuple[Plot, ...]
    table: Table


@dataclass(frozen=True, slots=True)
class TaskPart:
    """One task of a suite in detail."""

    name: str
    about: str
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class SuitePart:
    """One suite: how its samples ended, and its tasks."""

    name: str
    counts: Table
    reasons: tuple[str, ...]
    tasks: tuple[TaskPart, ...]


@dataclass(frozen=True, slots=True)
class TrainingPart:
    """How the adapter was trained."""

    facts: tuple[Fact, ...]
    curve: Markup | None
    table: Table | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flip:
    """One sample on which candidate and baseline part."""

    sample: str
    input: str
    target: str
    candidate: str
    baseline: str
    candidate_score: str
    baseline_score: str


@dataclass(frozen=True, slots=True)
class FlipList:
    """Samples of one task that got worse, or better; `cut` says how many are left out."""

    title: str
    tone: str
    flips: tuple[Flip, ...]
    cut: str


@dataclass(frozen=True, slots=True)
class Flips:
    """How answers changed against one baseline."""

    baseline: str
    table: Table
    lists: tuple[FlipList, ...]


@dataclass(frozen=True, slots=True)
class View:
    """The whole page."""

    title: str
    release: str
    mark: Mark
    meaning: str
    reason: str
    decided: str
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    gates: Gates
    comparisons: tuple[Comparing, ...]
    suites: tuple[SuitePart, ...]
    measured: Table | None
    training: TrainingPart | None
    flips: tuple[Flips, ...]
    provenance: tuple[Table, ...]
    release_yaml: str
    waivers: Table | None = None


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
