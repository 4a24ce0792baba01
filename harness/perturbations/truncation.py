"""Texts that break off: the first words only."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import ClassVar

from harness.core.words import word_ends


@dataclass(frozen=True, slots=True)
class Truncation:
    """The first `keep` of the words, one at least and never all; a single word is cut by its characters.

    In scripts without spaces each character is a word.

    For tasks whose right answer shows at the start. What a text says at its end may decide: look at the rows.
    """

    version: ClassVar[int] = 2

    keep: float = 0.5

    def check(self) -> list[str]:
        """Something must be kept, and something left out."""
        return [] if 0 < self.keep < 1 else [f"'keep' must lie between 0 and 1, not {self.keep:g}."]

    def apply(self, text: str, rng: random.Random) -> str:
        """The start of the text."""
        ends = word_ends(text)
        if len(ends) == 1:
            ends = [unit.end() for unit in re.finditer(r"\S", text)]
        if len(ends) < 2:
            return text
        kept = min(len(ends) - 1, max(1, round(self.keep * len(ends))))
        return text[: ends[kept - 1]]
