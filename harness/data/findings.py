"""What a check found, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_PLACES = 20


class Severity(StrEnum):
    """An error must be mended before training; a warning is for a person to decide; a note tells."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class RowPlace:
    """A row's file and line."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class DataFinding:
    """One thing that a check found: in one sentence, with what to do in another.

    `places` are the rows concerned, at most MOST_PLACES of the `count` that there are. Of a pair of rows both stand
    there. `drop` are rows that `--fix` leaves out, all of them.
    """

    check: str
    severity: Severity
    message: str
    advice: str
    places: tuple[RowPlace, ...] = ()
    count: int = 1
    drop: tuple[RowPlace, ...] = ()
