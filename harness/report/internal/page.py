"""The parts of the internal edition as values: every text ready to be shown."""

from __future__ import annotations

from dataclasses import dataclass

from harness.report import words
from harness.report.page import Fact, Figure, Mark, Picture, Table


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A table, and the figure that draws it; None where there is nothing to draw. A `folded` one opens on demand."""

    table: Table
    figure: Figure | None = None
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A line of the table of contents: the section's id and its name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class GatePart:
    """One gate. `id` is what a deep link leads to; `asks` is its rule and how much it counts.

    `answers` says how many of the answers that it looks at were not whole.
    """

    id: str
    name: str
    mark: Mark
    value: str
    interval: str
    asks: str
    place: str
    sentence: str
    waived: str
    answers: str = ""


@dataclass(frozen=True, slots=True)
class GatesPart:
    """All gates of the release, drawn and in numbers."""

    gates: tuple[GatePart, ...]
    exhibit: Exhibit
    note: str


@dataclass(frozen=True, slots=True)
class ComparisonPart:
    """The candidate against one baseline, metric by metric."""

    baseline: str
    exhibit: Exhibit


@dataclass(frozen=True, slots=True)
class TaskPart:
    """One task of a suite in detail."""

    name: str
    about: str
    exhibits: tuple[Exhibit, ...]


@dataclass(frozen=True, slots=True)
class SuitePart:
    """One suite: how its samples ended, and its tasks."""

    id: str
    name: str
    counts: Table
    reasons: tuple[str, ...]
    tasks: tuple[TaskPart, ...]


@dataclass(frozen=True, slots=True)
class TrainingPart:
    """How the adapter was trained. `losses` is None where the trainer left none."""

    facts: tuple[Fact, ...]
    warnings: tuple[str, ...]
    losses: Exhibit | None


@dataclass(frozen=True, slots=True)
class HistoryPart:
    """The release's decisions, and how each gated metric went from one to the next."""

    table: Table
    metrics: tuple[Exhibit, ...]
    note: str


def exhibit(picture: Picture | None, table: Table, note: str = "") -> Exhibit:
    """A table with its drawing, under one caption."""
    return Exhibit(table, Figure(table.caption, picture, table, note) if picture else None)


def rest(known: int, shown: int, one: str, many: str | None = None) -> str:
    """What a table leaves out, and where it is; "" where that is nothing."""
    if known <= shown:
        return ""
    left = words.count(known - shown, f"more {one}", f"more {many or one + 's'}")
    return f"{left} not shown; harness store query has them."
