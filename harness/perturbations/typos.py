"""Slips of the fingers: a neighbouring key, two letters exchanged, one left out, one doubled."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import ClassVar

from harness.perturbations._shared import check_rate, some

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _neighbours() -> dict[str, str]:
    """Each letter's neighbours on an English keyboard, in its row and in the rows above and below."""
    found = {}
    for y, row in enumerate(_ROWS):
        for x, letter in enumerate(row):
            near = [(y, x - 1), (y, x + 1), (y - 1, x), (y - 1, x + 1), (y + 1, x - 1), (y + 1, x)]
            found[letter] = "".join(_ROWS[j][i] for j, i in near if 0 <= j < len(_ROWS) and 0 <= i < len(_ROWS[j]))
    return found


_NEAR = _neighbours()


@dataclass(frozen=True, slots=True)
class Typos:
    """A slip at `rate` of the letters, one at least. Digits and signs stay: they are what often must be copied."""

    version: ClassVar[int] = 1

    rate: float = 0.05

    def check(self) -> list[str]:
        """The rate must be a share."""
        return check_rate(self.rate)

    def apply(self, text: str, rng: random.Random) -> str:
        """The text with slips."""
        places = [i for i, letter in enumerate(text) if letter.isalpha()]
        characters = list(text)
        for place in reversed(some(places, self.rate, rng)):
            _slip(characters, place, rng)
        if places and "".join(characters) == text:  # two slips took each other back
            characters = list(text)
            _slip(characters, rng.choice(places), rng)
        return "".join(characters)


def _slip(characters: list[str], place: int, rng: random.Random) -> None:
    """One slip at a letter; each of them changes the text by itself."""
    letter, after = characters[place], characters[place + 1] if place + 1 < len(characters) else ""
    near = _NEAR.get(letter.lower(), "")
    in_word = bool(after[:1].isalpha() or (place and characters[place - 1][-1:].isalpha()))
    ways = ["double", *(["drop"] if in_word else []), *(["near"] if near else [])]
    way = rng.choice([*ways, *(["swap"] if after.isalpha() and after != letter else [])])
    if way == "double":
        characters[place] = letter * 2
    elif way == "drop":
        characters[place] = ""
    elif way == "near":
        key = rng.choice(near)
        characters[place] = key.upper() if letter.isupper() else key
    else:
        characters[place], characters[place + 1] = after, letter
