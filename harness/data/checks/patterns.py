"""Rows of one mould: texts that differ only in numbers, names, dates and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np

from harness.data.aside import Aside
from harness.data.checks._found import MOST_GROUPS, Places, counted, groups, places_of
from harness.data.checks.interface import Setting
from harness.data.findings import DataFinding, Severity
from harness.data.rows import DataRow

FEW, MANY = 3, 6  # rows of one pattern: a note from FEW on, a warning from MANY on
LEAST_WORDS = 3  # words that stay, so that texts of names alone are no pattern
ADVICE = "Keep up to five and write the others anew: the model learns the mould instead of the task."

_MASK = "#"
_CAPITAL = re.compile(r"[A-Z0-9À-ÖØ-Þ]\S*")
_ADDRESS = re.compile(r"\S+@\S+")
_MASKS = re.compile(r"#(?: #)+")
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve twenty thirty hundred zwei drei vier fünf"
_DATES = (
    "january february march april may june july august september october november december "
    "januar februar märz mai juni juli oktober dezember monday tuesday wednesday thursday friday saturday sunday"
)
_IS_MASKED = frozenset(f"{word}{end}" for word in f"{_NUMBERS} {_DATES}".split() for end in ("", ",", "."))
# First words that are no names, though they are written with a capital.
_OPENINGS = (
    "a after all an and any are as at been before but by can can't could did do does don't dear every few for from "
    "give has have hello help hey hi how i i'd i'm i've if in is isn't it it's just last let made make may my need no "
    "not now of on once one or our please since so some still thank thanks that the their there they this to today "
    "tried trying two want was we we've were what what's when where where's which while who why will with would "
    "yesterday yes you your "
    "der die das ein eine ich wir wie wo wann warum mein meine bitte hallo guten ist hat können kann"
)
_IS_OPENING = frozenset(_OPENINGS.split())


def skeleton(text: str) -> str:
    """The text with numbers, names (words with a capital), dates and e-mail addresses masked as `#`."""
    if "@" in text:
        text = _ADDRESS.sub(_MASK, text)
    words = _CAPITAL.sub(_MASK, text).split()
    if words and words[0] == _MASK:
        first = text.split(None, 1)[0].casefold()
        words[0] = first if first in _IS_OPENING else _MASK
    bare = " ".join(words)
    if found := _IS_MASKED.intersection(words):
        bare = f" {bare} "
        for word in found:
            bare = bare.replace(f" {word} ", f" {_MASK} ").replace(f" {word} ", f" {_MASK} ")  # of two in a row, too
        bare = bare[1:-1]
    return _MASKS.sub(_MASK, bare) if "# #" in bare else bare


def masks(texts: list[str]) -> bytes:
    """Two numbers of 64 bits of each text: of its pattern (0 where nothing or too much is masked), and of itself."""
    found = bytearray()
    for text in texts:
        bare = skeleton(text)
        found += _number(bare) if _MASK in bare and _stays(bare) else bytes(8)
        found += _number(text.strip().casefold())
    return bytes(found)


def _number(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


class Check:
    """Keeps two numbers of 64 bits of each row, and where it stands. Many rows are masked by a process beside."""

    def __init__(self, setting: Setting) -> None:
        self._numbers, self._places = Aside(masks), Places()

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        self._places.add(rows)
        self._numbers.add([row.input for row in rows])

    def findings(self) -> Iterator[DataFinding]:
        """Warnings of the largest patterns first, then notes of the smaller ones, counted."""
        moulds, texts = np.frombuffer(self._numbers.results(), np.uint64).reshape(-1, 2).T
        masked = np.flatnonzero(moulds)
        # A text that stands twice is a duplicate, and told by its own check.
        every = (masked[group] for group in groups(moulds[masked], FEW))
        found = [group[np.sort(np.unique(texts[group], return_index=True)[1])] for group in every]
        found = [group for group in found if len(group) >= FEW]
        many = sorted((group for group in found if len(group) >= MANY), key=len, reverse=True)
        for group in many[:MOST_GROUPS]:
            yield self._finding(Severity.WARNING, f"{counted(len(group))} are of one pattern", [group])
        if many[MOST_GROUPS:]:
            rest = many[MOST_GROUPS:]
            yield self._finding(Severity.WARNING, f"{len(rest):,} more patterns have {MANY} rows or more each", rest)
        if few := [group for group in found if len(group) < MANY]:
            one = "1 pattern has" if len(few) == 1 else f"{len(few):,} patterns have"
            yield self._finding(Severity.NOTE, f"{one} {FEW} to {MANY - 1} rows", few)

    def _finding(self, severity: Severity, what: str, found: Sequence[np.ndarray]) -> DataFinding:
        every = np.concatenate(found)
        message = f"{what}: they differ only in numbers, names or dates."
        return DataFinding("patterns", severity, message, ADVICE, places_of(self._places, every), len(every))


def _stays(bare: str) -> bool:
    """Whether enough words are not masked to call it a pattern."""
    return bare.count(" ") + 1 - bare.count(_MASK) >= LEAST_WORDS
