"""The format of a file: that of its first rows, held for the rest. Nothing is guessed in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from harness.config.rows import Row
from harness.core.errors import Problem
from harness.data.formats import Shape, fitting
from harness.data.packed import Unreadable
from harness.data.rows import DataRow
from harness.data.turns import as_json

# So many rows tell a file's format; so many are looked at for them.
_TELLING, _LOOKED_AT = 100, 1_000
_REMEMBERED = 256


@dataclass(slots=True)
class Held:
    """A file whose format is known. `first` are the rows that told it, `rest` the others."""

    shape: Shape
    known: Sequence[Shape]
    first: Sequence[Row | Problem]
    rest: Iterator[Row | Problem]
    file: str
    mixed: bool
    labelled: bool
    _by_keys: dict[tuple[str, ...], bool] = field(default_factory=dict)

    def rows(self) -> Iterator[DataRow | Problem]:
        """All rows of the file in one shape, and a problem for each that has another or cannot be read."""
        for row in chain(self.first, self.rest):
            yield row if isinstance(row, Problem) else self._row(row)

    def _row(self, row: Row) -> DataRow | Problem:
        value = row.value
        try:
            shape = self.shape if self._only(value) else self._other(value)
            asked, target, turns = shape.parts(value)
        except Unreadable as error:
            return Problem(error.message, self.file, row.line, error.hint)
        label = value.get("label")
        if label is not None:
            label = label if isinstance(label, str) else as_json(label).decode()
        elif self.labelled:
            label = target or None
        return DataRow(self.file, row.line, shape.format, asked, target, turns, value, label)

    def _only(self, value: dict[str, object]) -> bool:
        """Whether a row has the file's shape and, by its keys, can have no other: told quickly for like rows."""
        keys = tuple(value)
        clear = self._by_keys.get(keys)
        if clear is None:
            clear = fitting(dict.fromkeys(keys, True), self.known) == [self.shape]
            if len(self._by_keys) < _REMEMBERED:
                self._by_keys[keys] = clear
        return clear and self.shape.fits(value)

    def _other(self, value: dict[str, object]) -> Shape:
        """The shape of a row that is not plainly of the file's. Raises Unreadable."""
        found = fitting(value, self.known)
        if found == [self.shape] or (self.mixed and len(found) == 1):
            return found[0]
        null = [key for key in self.shape.keys if key in value and value[key] is None]
        if len(found) > 1:
            raise _ambiguous(found)
        if found:
            message = f"the row is of the format {found[0]}, the file's rows are {self.shape}."
            raise Unreadable(message, "Keep one format in a file; `harness data convert` writes another.")
        if null:
            raise Unreadable(f"'{null[0]}' is null.")
        lacking = ", ".join(f"'{key}'" for key in self.shape.keys if key not in value)
        raise Unreadable(
            f"the row has no {lacking}, which rows of the format {self.shape} have; it has {_keys(value)}."
        )


def held(values: Iterator[Row | Problem], known: Sequence[Shape], file: str, mixed: bool, labelled: bool) -> Held:
    """The file with its format. Raises Unreadable where its first rows have none, or more than one alike."""
    first: list[Row | Problem] = []
    told: Counter[Shape] = Counter()
    unclear: list[tuple[Row, list[Shape]]] = []
    for row in values:
        first.append(row)
        if isinstance(row, Row):
            found = fitting(row.value, known)
            if len(found) == 1:
                told[found[0]] += 1
            else:
                unclear.append((row, found))
        if told.total() + len(unclear) >= _TELLING or len(first) >= _LOOKED_AT:
            break
    if told:
        return Held(told.most_common(1)[0][0], known, first, values, file, mixed, labelled)
    if not unclear:
        return Held(known[0], known, first, values, file, mixed, labelled)
    row, found = unclear[0]
    if found:
        raise _ambiguous(found, row.line)
    options = "; ".join(map(str, known))
    raise Unreadable(f"the rows have {_keys(row.value)}, which tells no format.", f"Known are {options}.", row.line)


def _ambiguous(found: Sequence[Shape], line: int | None = None) -> Unreadable:
    options = " and ".join(map(str, found))
    return Unreadable(f"the row can be read as {options}.", "Leave out the keys of one.", line)


def _keys(value: dict[str, object]) -> str:
    names = [f"'{key}'" for key in list(value)[:8]]
    return ", ".join(names) + (", …" if len(value) > 8 else "") if names else "no keys"
