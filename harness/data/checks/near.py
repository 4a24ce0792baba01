"""Rows that are nearly alike: copies that teach the same twice, and nearly the same question with another answer.

Two inputs are near where minhash.py says so. Of near inputs, equal or near targets make near duplicates; others make a
near contradiction. Rows that are equal but for case and space are left to `exact` and `contradictions`.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

import numpy as np

from harness.core.words import word_length
from harness.data.checks._found import Places, counted, groups, places_of
from harness.data.checks.contradictions import MOST_TOLD, key
from harness.data.checks.interface import Setting
from harness.data.findings import DataFinding, Severity
from harness.data.minhash import NEAR, Texts, groups_of, jaccard, links
from harness.data.rows import DataRow
from harness.data.shingles import Counts, shingles

# Of fewer words each counts: so short an answer with another word is another answer.
_FEW_WORDS = 8
_MOST_COMPARED = 100  # answers of one group

_ADVICE = {
    "near": "Keep one of them (`--fix` keeps the first).",
    "contradictions": "Read them: correct what is wrong, or keep them where the difference matters.",
}
_SAID = {"near": "are nearly alike", "contradictions": "ask nearly the same and are answered differently"}


class Check:
    """Near duplicates and near contradictions. Holds the folded texts of inputs and targets, not the rows."""

    def __init__(self, setting: Setting) -> None:
        self._places, self._inputs, self._targets = Places(), Texts(), Texts()
        self._keys = (array("Q"), array("Q"))  # of inputs, of targets
        self._records = bytearray()

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        self._places.add(rows)
        self._inputs.add([row.input for row in rows])
        self._targets.add([row.target for row in rows])
        self._keys[0].extend([key(row.input) for row in rows])
        self._keys[1].extend([key(row.target) for row in rows])
        self._records.extend([row.target.lstrip()[:1] in ("{", "[") for row in rows])

    def findings(self) -> Iterator[DataFinding]:
        """Near contradictions, then near duplicates: one for each group, in the rows' order; the last ones together."""
        opposed, alike = [], []
        for rows in groups(groups_of(links(self._inputs), len(self._inputs))):
            answers = self._answers(rows)
            if len(np.unique(answers)) > 1 and self._differ(rows, 0):
                opposed.append(rows)
            same = (rows[answers == answer] for answer in np.unique(answers))
            alike += [copies for copies in same if self._differ(copies, 0) or self._differ(copies, 1)]
        yield from self._told("contradictions", opposed)
        yield from self._told("near", alike)

    def _told(self, check: str, found: list[Counts]) -> Iterator[DataFinding]:
        shown, rest = found[:MOST_TOLD], found[MOST_TOLD:]
        for rows in shown:
            yield self._finding(check, f"{counted(len(rows))} {_SAID[check]}.", rows, rows[1:])
        if rest:
            every, later = np.concatenate(rest), np.concatenate([rows[1:] for rows in rest])
            groups_of_rows = f"{counted(len(rest), 'more group')} ({counted(len(every))})"
            yield self._finding(check, f"In {groups_of_rows}, the rows {_SAID[check]}.", every, later)

    def _finding(self, check: str, message: str, rows: Counts, later: Counts) -> DataFinding:
        drop = tuple(self._places[int(row)] for row in later) if check == "near" else ()
        places = places_of(self._places, rows)
        return DataFinding(check, Severity.WARNING, message, _ADVICE[check], places, len(rows), drop)

    def _differ(self, rows: Counts, what: int) -> bool:
        """Whether inputs (0) or targets (1) differ by more than case and space."""
        return len({self._keys[what][row] for row in rows.tolist()}) > 1

    def _answers(self, rows: Counts) -> Counts:
        """Of each row the number of its answer; near answers count as one."""
        numbers: dict[str, int] = {}
        different: list[str] = []
        for row, text in zip(rows.tolist(), self._targets.take(rows), strict=True):
            if text in numbers:
                continue
            alike = -1 if self._records[row] else _near_to(text, different[:_MOST_COMPARED])
            numbers[text] = alike if alike >= 0 else len(different)
            different += [text] if alike < 0 else []
        return np.array([numbers[text] for text in self._targets.take(rows)])


def _near_to(text: str, others: list[str]) -> int:
    """The place of the first of the folded texts that this one is near to; -1 if none, as for short ones."""
    if not others or word_length(text) < _FEW_WORDS:
        return -1
    hashes, ends = shingles([*others, text], np.zeros(0, np.uint64))
    count = len(others)
    likeness = jaccard(hashes, ends, np.arange(count), np.full(count, count))
    return int(np.argmax(likeness >= NEAR)) if (likeness >= NEAR).any() else -1
