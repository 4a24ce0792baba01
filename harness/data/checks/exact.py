"""Rows that stand twice: the same turns and the same target, whatever their case, spaces and Unicode form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np

from harness.core.folding import casefolded
from harness.data.checks._found import MOST_GROUPS, Places, counted, groups, places_of
from harness.data.checks.interface import Setting
from harness.data.findings import DataFinding, RowPlace, Severity
from harness.data.rows import DataRow

ADVICE = "Keep one of them: a row that stands twice counts twice in training (`--fix` keeps the first)."


def normal(text: str) -> str:
    """The text without what makes no difference to a reader: case, spaces, forms of the same character."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip().lower()
    return casefolded(text)


def digest(row: DataRow) -> bytes:
    """16 bytes of all that is taught by a row: its turns with their roles, or its input and target."""
    parts = [f"{role}\x1f{normal(text)}" for role, text in row.turns] or [normal(row.input), normal(row.target)]
    return blake2b("\x1e".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Check:
    """Keeps 16 bytes of each row, and where it stands."""

    def __init__(self, setting: Setting) -> None:
        self._digests, self._places = bytearray(), Places()

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        self._places.add(rows)
        self._digests += b"".join(map(digest, rows))

    def findings(self) -> Iterator[DataFinding]:
        """One for each group of equal rows, the first in the files first; the last ones in one sentence."""
        halves = np.frombuffer(bytes(self._digests), dtype=np.uint64).reshape(-1, 2)
        found = [one for group in groups(halves[:, 0]) for one in _equal(group, halves[:, 1])]
        for group in found[:MOST_GROUPS]:
            first = self._places[int(group[0])]
            same = "is" if len(group) == 2 else "are"
            yield self._finding(f"{counted(len(group) - 1)} {same} the same as {first}.", group, group[1:])
        rest = found[MOST_GROUPS:]
        if rest:
            every, later = np.concatenate(rest), np.concatenate([group[1:] for group in rest])
            message = f"{counted(len(later))} more stand in other places already ({counted(len(rest), 'group')})."
            yield self._finding(message, every, later)

    def _finding(self, message: str, group: np.ndarray, later: np.ndarray) -> DataFinding:
        drop: tuple[RowPlace, ...] = tuple(self._places[int(number)] for number in later)
        places = places_of(self._places, group)
        return DataFinding("exact", Severity.ERROR, message, ADVICE, places, len(later), drop)


def _equal(group: np.ndarray, second: np.ndarray) -> Iterator[np.ndarray]:
    for part in groups(second[group]):
        yield group[part]
