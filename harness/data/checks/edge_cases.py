"""Whether the hard cases are taught at all: not knowing, out of scope, very short, hardly readable."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from harness.core.words import word_length
from harness.data.checks._portions import LABEL_LENGTH, Portions, label_of
from harness.data.checks.interface import Setting
from harness.data.findings import DataFinding, Severity
from harness.data.rows import DataRow

LEAST_ROWS = 50  # with fewer rows their volume is told
_LABELS = "other others none unknown unclear out_of_scope out-of-scope oos n/a na null misc fallback sonstiges andere"
_OUT = frozenset(_LABELS.split()) | {"out of scope", "none of these", "something else"}
_UNSURE = re.compile(
    r"\b(?:(?:do not|don't|can't|cannot|can not|could not|couldn't|unable to|not able to) "
    r"(?:know|help|answer|find|tell|say|determine|assist)|not sure|no information|"
    r"not (?:stated|mentioned|given|enough)|i'm sorry|weiß (?:ich )?nicht|nicht bekannt|keine angabe)|\bnull\b",
    re.IGNORECASE,
)
_WORDS = {
    "unsure": "targets that say that something is not known or not given",
    "out": "rows that are out of scope (a label such as 'other')",
    "short": "very short inputs (one or two words)",
    "odd": "inputs that are hardly readable (signs, digits, no vowels, empty ones)",
}


class Check:
    """Counts rows of each kind of edge case."""

    def __init__(self, setting: Setting) -> None:
        self._portions = Portions()
        self._found = dict.fromkeys(_WORDS, 0)
        self._rows = 0

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        self._rows += len(rows)
        for row, portion in zip(rows, self._portions.add(rows), strict=True):
            label = label_of(row)
            if label is not None and portion.labels is not None:
                self._found["out"] += label.strip().casefold() in _OUT
            if len(row.target) > LABEL_LENGTH or row.target[:1] == "{" or " " in row.target:
                self._found["unsure"] += bool(self._found["unsure"] < LEAST_ROWS and _UNSURE.search(row.target))
            if len(row.input) < LABEL_LENGTH:
                self._found["short"] += row.input.count(" ") < 2 and word_length(row.input) <= 2
                self._found["odd"] += is_odd(row.input)

    def findings(self) -> Iterator[DataFinding]:
        """A note of all kinds that are absent."""
        classes = [portion.are_labels for portion in self._portions]
        asked = {"short", "odd"} | ({"out"} if any(classes) else set()) | (set() if all(classes) else {"unsure"})
        absent = [text for name, text in _WORDS.items() if name in asked and not self._found[name]]
        if absent and self._rows >= LEAST_ROWS:
            message = f"no row of these kinds: {'; '.join(absent)}."
            advice = "Add some where users will send such: what was never seen is answered anyhow."
            yield DataFinding("edge_cases", Severity.NOTE, message, advice)


def is_odd(text: str) -> bool:
    """Whether a text has hardly any letters in it."""
    letters = sum(letter.isalpha() or unicodedata.category(letter).startswith("M") for letter in text)
    return letters < 0.5 * len(text.replace(" ", "")) or letters == 0
