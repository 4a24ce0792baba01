"""Rows that are far longer or shorter than the others, or speak in words that no other row has."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.core.words import is_unspaced, words
from harness.data.checks.interface import Setting
from harness.data.draw import Draw
from harness.data.findings import MOST_PLACES, DataFinding, RowPlace, Severity
from harness.data.rows import DataRow

MOST_READ = 20_000
LEAST = 50  # rows below which nothing is usual
FAR = 6.0
_FACTOR = 4.0
_WORDS = 4
_LONGEST = 2_000
_DIGIT = re.compile(r"\d")
_SIGMA = 1.4826  # times the median absolute deviation: the standard deviation of a normal distribution

Floats = NDArray[np.float64]


class Check:
    """Lengths are of all rows, words of drawn ones."""

    def __init__(self, setting: Setting) -> None:
        self._draw = Draw(MOST_READ, setting.seed)
        self._files: dict[str, int] = {}
        self._at, self._lines = array("i"), array("q")
        self._lengths = {"input": array("q"), "target": array("q")}

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        self._draw.look(rows)
        self._at.extend(self._files.setdefault(row.file, len(self._files)) for row in rows)
        self._lines.extend(row.line for row in rows)
        self._lengths["input"].extend(len(row.input) for row in rows)
        self._lengths["target"].extend(len(row.target) for row in rows)

    def findings(self) -> Iterator[DataFinding]:
        """Lengths of inputs and of targets, then words."""
        if len(self._lines) < LEAST:
            return
        files = list(self._files)
        for name, kept in self._lengths.items():
            lengths = np.frombuffer(kept, dtype=np.int64)
            for far, word in ((_long(lengths), "longer"), (_short(lengths), "shorter")):
                if len(far):
                    places = [RowPlace(files[self._at[i]], self._lines[i]) for i in far[:MOST_PLACES].tolist()]
                    yield _length_finding(name, word, lengths, far, places)
        rows = self._draw.rows
        odd = _odd_words(rows)
        if len(odd):
            places = [RowPlace(rows[i].file, rows[i].line) for i in odd[:MOST_PLACES].tolist()]
            yield DataFinding(
                "outliers",
                Severity.NOTE,
                f"{len(odd):,} of {self._draw.said} ask in words that hardly another row has.",
                "Look whether they belong to this task.",
                tuple(places),
                len(odd),
            )


def _length_finding(
    name: str, word: str, lengths: NDArray[np.int64], far: NDArray[np.int64], places: Sequence[RowPlace]
) -> DataFinding:
    middle, worst = int(np.median(lengths)), int(lengths[far[0]])
    rows = "1 row has" if len(far) == 1 else f"{len(far):,} rows have"
    article = "an" if name == "input" else "a"
    message = (
        f"{rows} {article} {name} far {word} than the others (up to {worst:,} characters; the middle is {middle:,})."
    )
    if word == "shorter":
        message = message.replace("up to", "down to")
    return DataFinding(
        "outliers", Severity.NOTE, message, "Look whether they were cut or run together.", tuple(places), len(far)
    )


def robust_z(values: Floats) -> Floats:
    """How far each value lies from the median, in robust standard deviations; 0 where over half of them are equal."""
    apart: Floats = values - np.median(values)
    spread = _SIGMA * float(np.median(np.abs(apart)))
    return apart / spread if spread > 0 else np.zeros_like(apart)


def _long(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    z = robust_z(np.log1p(lengths))
    found = np.flatnonzero((z > FAR) & (lengths > _FACTOR * np.median(lengths)))
    return found[np.argsort(-lengths[found], kind="stable")]


def _short(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Empty ones are another check's."""
    z = robust_z(np.log1p(lengths))
    found = np.flatnonzero((z < -FAR) & (lengths < np.median(lengths) / _FACTOR) & (lengths > 0))
    return found[np.argsort(lengths[found], kind="stable")]


def _odd_words(rows: Sequence[DataRow]) -> NDArray[np.int64]:
    """Places of rows whose words are rare on average, the oddest first. Rareness is log(rows / rows with the word)."""
    told = [_words(row.input[:_LONGEST]) for row in rows]
    spread = Counter(word for each in told for word in each)
    rare = {word: float(np.log(len(rows) / count)) for word, count in spread.items()}
    enough = np.array([i for i, words in enumerate(told) if len(words) >= _WORDS], dtype=np.int64)
    if len(enough) < LEAST:
        return enough[:0]
    means = np.array([sum(map(rare.__getitem__, told[i])) / len(told[i]) for i in enough])
    z = robust_z(means)
    found = np.flatnonzero(z > FAR / 2)
    found = found[[_is_alone(told[enough[i]], spread) for i in found]] if len(found) else found
    return enough[found[np.argsort(-z[found], kind="stable")]]


def _words(text: str) -> set[str]:
    """The words without numbers and single letters; characters of scripts without spaces are words."""
    return {word for word in words(_DIGIT.sub(" ", text)) if len(word) > 1 or is_unspaced(word)}


def _is_alone(words: set[str], spread: Counter[str]) -> bool:
    """Whether over half of the words stand in no other row."""
    return 2 * sum(spread[word] == 1 for word in words) > len(words)
