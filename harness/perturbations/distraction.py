"""Text around the input that has nothing to do with it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import ClassVar

from harness.perturbations._shared import Place, check_texts, put

TEXTS = (
    "By the way, it has rained here since Tuesday and the garden is under water.",
    "My neighbour has painted his fence green, and the whole street talks of nothing else.",
    "We watched the comet last night; the children had never been up that late.",
    "Sent from my phone on the train, somewhere between two tunnels.",
    "The choir sings on Sunday at four, tea and cake afterwards.",
    "Did you know that octopuses have three hearts?",
    "Übrigens regnet es hier seit Dienstag, und der Garten steht unter Wasser.",
    "Am Sonntag singt der Chor um vier, danach gibt es Kuchen.",
)


@dataclass(frozen=True, slots=True)
class Distraction:
    """One of `texts` in a paragraph of its own, before or after the input."""

    version: ClassVar[int] = 1

    texts: tuple[str, ...] = TEXTS
    place: Place = "either"

    def check(self) -> list[str]:
        """There must be texts, and none may be empty."""
        return check_texts(self.texts)

    def apply(self, text: str, rng: random.Random) -> str:
        """The text in talk of other things."""
        return put(text, self.texts, self.place, rng)
