"""Letters in another case: all capital, all small, or at random."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import ClassVar, Literal

Way = Literal["upper", "lower", "random"]


@dataclass(frozen=True, slots=True)
class LetterCase:
    """One of `ways` for each text, drawn among those that change it."""

    version: ClassVar[int] = 1

    ways: tuple[Way, ...] = ("upper", "lower", "random")

    def check(self) -> list[str]:
        """There must be a way."""
        return [] if self.ways else ["'ways' needs at least one of upper, lower, random."]

    def apply(self, text: str, rng: random.Random) -> str:
        """The text in another case; scripts without case stay."""
        found = (_changed(text, way, rng) for way in rng.sample(self.ways, len(self.ways)))
        return next((changed for changed in found if changed != text), text)


def _changed(text: str, way: Way, rng: random.Random) -> str:
    if way != "random":
        return text.upper() if way == "upper" else text.lower()
    cased = [i for i, letter in enumerate(text) if letter.swapcase() != letter]
    mixed = "".join(letter.upper() if rng.random() < 0.5 else letter.lower() for letter in text)
    if not cased or mixed != text:
        return mixed
    place = rng.choice(cased)
    return text[:place] + text[place].swapcase() + text[place + 1 :]
