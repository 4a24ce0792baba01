"""What a split needs to know of rows, as columns: a million rows are a few arrays and one block of text."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import Problem
from harness.core.samples import Json
from harness.data.findings import MOST_PLACES, RowPlace
from harness.data.minhash import Texts
from harness.data.rows import DataRow
from harness.data.split import SIDES, Hashes, Ints, hash_of, time_of


class SplitColumns:
    """Texts, groups, times and labels of rows in their order. `label`, `group` and `time` name columns, None for none.

    A row without a column that was asked for is among the `problems`.
    """

    def __init__(self, label: str | None, group: str | None, time: str | None) -> None:
        self._label, self._group, self._time = label, group, time
        self.texts = Texts()
        self._groups, self._times = array("Q"), array("d")
        self._labels, self._label_names = array("i"), dict[str, int]()
        self._files, self._file_names, self._lines = array("i"), dict[str, int](), array("q")
        self._wrong: list[Problem] = []
        self._wrong_count: Counter[str] = Counter()

    def look(self, batch: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        self.texts.add([row.input if row.input.strip() else row.target for row in batch])
        for row in batch:
            self._files.append(self._file_names.setdefault(row.file, len(self._file_names)))
            self._lines.append(row.line)
            if self._label or row.label is not None:
                self._labels.append(self._named(self._of(row, self._label) if self._label else row.label))
            else:
                self._labels.append(-1)
            if self._group:
                self._groups.append(hash_of(repr(self._of(row, self._group))))
            if self._time:
                self._times.append(self._moment(row, self._time))

    def _of(self, row: DataRow, column: str) -> Json:
        value = row.value.get(column)
        if value is None and column == self._label:
            value = row.label
        if value is None or value == "":
            self._refuse(row, column, f'has no "{column}"')
        return value

    def _named(self, label: Json) -> int:
        return self._label_names.setdefault(str(label), len(self._label_names))

    def _moment(self, row: DataRow, column: str) -> float:
        value = self._of(row, column)
        found = time_of(value)
        if found is None and value not in (None, ""):
            self._refuse(row, column, f'has no time in "{column}" (an ISO 8601 date, or seconds since 1970)')
        return found or 0.0

    def _refuse(self, row: DataRow, column: str, what: str) -> None:
        self._wrong_count[column] += 1
        if self._wrong_count[column] <= MOST_PLACES:
            hint = "Fill it in, or split without that column."
            self._wrong.append(Problem(f"the row {what}.", row.file, row.line, hint))

    @property
    def problems(self) -> list[Problem]:
        """Rows that lack what was asked for: the first of each column, and how many more there are."""
        more = {column: count - MOST_PLACES for column, count in self._wrong_count.items() if count > MOST_PLACES}
        return [
            *self._wrong,
            *(Problem(f'{count:,} more rows lack a right "{column}".') for column, count in more.items()),
        ]

    @property
    def groups(self) -> Ints | None:
        """A number for each row's group; None where none were asked for."""
        return np.array(self._groups, np.uint64).view(np.int64) if self._group else None

    @property
    def times(self) -> NDArray[np.float64]:
        """Seconds since 1970."""
        return np.array(self._times, np.float64)

    @property
    def own_keys(self) -> Hashes:
        """What a row's side is read off: its group, or its folded text."""
        return np.array(self._groups, np.uint64) if self._group else self.texts.keys

    def place(self, row: int) -> RowPlace:
        """Where a row stands."""
        return RowPlace(list(self._file_names)[self._files[row]], self._lines[row])

    def labels_by(self, sides: Ints) -> Mapping[str, Mapping[str, int]]:
        """How many rows of each label each side has."""
        labels = np.array(self._labels, np.int64)
        return {
            name: {side.name.lower(): int(((labels == number) & (sides == side)).sum()) for side in SIDES}
            for name, number in self._label_names.items()
        }
