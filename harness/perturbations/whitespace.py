"""Space that means nothing: doubled, tabs, line breaks between words, and space around the text."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import ClassVar, Literal

Way = Literal["doubled", "tabs", "newlines", "around"]

_GAPS = {"doubled": "  ", "tabs": "\t", "newlines": "\n"}
_ENDS = (" ", "  ", "\n", "\t", "\n\n")


@dataclass(frozen=True, slots=True)
class Whitespace:
    """One of `ways` for each text at half of the gaps between words, one at least; `around` is done besides."""

    version: ClassVar[int] = 1

    ways: tuple[Way, ...] = ("doubled", "tabs", "newlines", "around")

    def check(self) -> list[str]:
        """There must be a way."""
        return [] if self.ways else ["'ways' needs at least one of doubled, tabs, newlines, around."]

    def apply(self, text: str, rng: random.Random) -> str:
        """The same words, set apart otherwise. A blank text stays."""
        if not text.strip():
            return text
        between = [_GAPS[way] for way in rng.sample(self.ways, len(self.ways)) if way != "around"]
        found = (_widened(text, by, rng) for by in between)
        text = next((changed for changed in found if changed != text), text)
        return f"{rng.choice(_ENDS)}{text}{rng.choice(_ENDS)}" if "around" in self.ways else text


def _widened(text: str, by: str, rng: random.Random) -> str:
    """The text with half of its gaps between words made longer, or replaced by a tab or a line break."""
    gaps = [gap for gap in re.finditer(r"(?<=\S)\s+(?=\S)", text) if by == "  " or gap[0] != by]
    chosen = {gap.start() for gap in gaps if rng.random() < 0.5} or {gap.start() for gap in gaps[:1]}
    for gap in reversed([gap for gap in gaps if gap.start() in chosen]):
        new = gap[0] + gap[0][-1] if by == "  " else by
        text = text[: gap.start()] + new + text[gap.end() :]
    return text
