"""The same input with different targets: whatever the model answers, it was taught otherwise."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np

from harness.data.checks._found import Places, counted, groups, places_of
from harness.data.checks.exact import normal
from harness.data.checks.interface import Setting
from harness.data.findings import DataFinding, Severity
from harness.data.rows import DataRow

MOST_TOLD = 200  # groups that are told one by one: a person has to decide about each


def key(text: str) -> int:
    """A hash of a text that does not depend on case, space and Unicode form."""
    return int.from_bytes(blake2b(normal(text).encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


class Check:
    """Exact contradictions: inputs equal but for case and space, other targets. Near ones are told by `near`."""

    def __init__(self, setting: Setting) -> None:
        self._places, self._inputs, self._targets = Places(), array("Q"), array("Q")

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        self._places.add(rows)
        self._inputs.extend([key(row.input) for row in rows])
        self._targets.extend([key(row.target) for row in rows])

    def findings(self) -> Iterator[DataFinding]:
        """One for each input, in the rows' order; the last ones in one sentence."""
        targets = np.array(self._targets, np.uint64)
        opposed = [rows for rows in groups(np.array(self._inputs, np.uint64)) if len(np.unique(targets[rows])) > 1]
        advice = "Keep the right answer, and correct or take out the other rows."
        for rows in opposed[:MOST_TOLD]:
            answers = len(np.unique(targets[rows]))
            message = f"{counted(len(rows))} ask the same and are answered in {answers} ways."
            places = places_of(self._places, rows)
            yield DataFinding("contradictions", Severity.ERROR, message, advice, places, len(rows))
        if rest := opposed[MOST_TOLD:]:
            every = np.concatenate(rest)
            message = f"{counted(len(rest), 'more input')} of {counted(len(every))} are answered in several ways."
            places = places_of(self._places, every)
            yield DataFinding("contradictions", Severity.ERROR, message, advice, places, len(every))
