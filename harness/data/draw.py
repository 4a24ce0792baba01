"""Rows drawn by chance while they stream past."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.data.rows import DataRow


class Draw:
    """At most `most` rows, each row seen as likely as any other; the same for a seed however they are batched."""

    def __init__(self, most: int, seed: int) -> None:
        self._most, self._random = most, np.random.default_rng(seed)
        self._kept: list[tuple[float, int, DataRow]] = []
        self._below = 1.0
        self.seen = 0

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        numbers = self._random.random(len(rows))
        for place in np.flatnonzero(numbers < self._below).tolist():
            self._kept.append((float(numbers[place]), self.seen + place, rows[place]))
        self.seen += len(rows)
        if len(self._kept) > 2 * self._most:
            self._cut()

    def _cut(self) -> None:
        self._kept = sorted(self._kept, key=lambda one: one[:2])[: self._most]
        if len(self._kept) == self._most:
            self._below = self._kept[-1][0]

    @property
    def rows(self) -> list[DataRow]:
        """The rows drawn, in their order."""
        self._cut()
        return [row for _, _, row in sorted(self._kept, key=lambda one: one[1])]

    @property
    def said(self) -> str:
        """How many rows stand for how many, as part of a sentence: "2,000 rows drawn of 1,000,000"."""
        kept = min(self.seen, self._most)
        return f"{kept:,} rows drawn of {self.seen:,}" if kept < self.seen else f"{kept:,} rows"
