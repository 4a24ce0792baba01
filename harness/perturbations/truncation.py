"""Texts that break off: the first words only."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Truncation:
    """The first `keep` of the words, one at least and never all; a single word is cut by its characters.

    For tasks whose right answer shows at the start. What a text says at its end may decide: look at the rows.
    """

    version: ClassVar[int] = 1

    keep: float = 0.5

    def check(self) -> list[str]:
        """Something must be kept, and something left out."""
        return [] if 0 < self.keep < 1 else [f"'keep' must lie between 0 and 1, not {self.keep:g}."]

    def apply(self, text: str, rng: random.Random) -> str:
        """The start of the text."""
        units = list(re.finditer(r"\S+", text))
        if len(units) == 1:
            units = list(re.finditer(r"\S", text))
        if len(units) < 2:
            return text
        kept = min(len(units) - 1, max(1, round(self.keep * len(units))))
        return text[: units[kept - 1].end()]
