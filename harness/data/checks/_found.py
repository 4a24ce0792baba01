"""What checks keep of rows until the end: where they stand, and which of them are concerned."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from harness.data.findings import MOST_PLACES, DataFinding, RowPlace, Severity
from harness.data.rows import DataRow

MOST_GROUPS = 20  # groups of rows that are told one by one


class Places:
    """Where each row stands, by its number: 12 bytes a row."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._files, self._lines = array("i"), array("q")

    def add(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        for name in {row.file: None for row in rows}:
            if name not in self._numbers:
                self._numbers[name] = len(self._names)
                self._names.append(name)
        self._files.extend([self._numbers[row.file] for row in rows])
        self._lines.extend([row.line for row in rows])

    def __getitem__(self, number: int) -> RowPlace:
        return RowPlace(self._names[self._files[number]], self._lines[number])

    def __len__(self) -> int:
        return len(self._lines)


@dataclass(slots=True)
class Hits:
    """Rows that one finding is about; `drops` where `--fix` leaves them out."""

    drops: bool = False
    count: int = 0
    places: list[RowPlace] = field(default_factory=list)

    def add(self, row: DataRow) -> None:
        """One row more."""
        self.count += 1
        if self.drops or len(self.places) < MOST_PLACES:
            self.places.append(RowPlace(row.file, row.line))

    def finding(self, check: str, severity: Severity, message: str, advice: str) -> Iterator[DataFinding]:
        """The finding, where there is a row; `{rows}` in the message is how many there are."""
        if self.count:
            said = message.replace("{rows}", counted(self.count))
            drop = tuple(self.places) if self.drops else ()
            yield DataFinding(check, severity, said, advice, tuple(self.places[:MOST_PLACES]), self.count, drop)


def counted(rows: int, word: str = "row") -> str:
    """`1 row`, `1,200 rows`."""
    return f"{rows:,} {word}{'' if rows == 1 else 's'}"


def quoted(text: str, most: int = 60) -> str:
    """A text as a message shows it: on one line, cut where it is long."""
    line = " ".join(text.split())
    return f"'{line if len(line) <= most else line[: most - 1] + '…'}'"


def groups(keys: np.ndarray, least: int = 2) -> Iterator[np.ndarray]:
    """Row numbers with equal keys, each group in order; the groups in order of their first rows.

    `keys`: one number a row, or records that can be sorted.
    """
    order = np.argsort(keys, kind="stable")
    held = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], held[1:] != held[:-1]))) if len(held) else np.empty(0, int)
    sizes = np.diff(np.append(starts, len(held)))
    wide = np.flatnonzero(sizes >= least)
    for at in sorted(wide, key=lambda one: order[starts[one]]):
        yield order[starts[at] : starts[at] + sizes[at]]


def places_of(places: Places, numbers: Iterable[int]) -> tuple[RowPlace, ...]:
    """The places of the first rows of a group."""
    return tuple(places[int(number)] for number in list(numbers)[:MOST_PLACES])
