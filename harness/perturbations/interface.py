"""What every perturbation gives. Its dataclass fields are its YAML arguments."""

from __future__ import annotations

import random
from typing import ClassVar, Protocol


class Perturbation(Protocol):
    """A change of a text. Pure: the same text and the same state of `rng` give the same text on every machine.

    `version` rises whenever the same text, arguments and state could give another text.
    """

    version: ClassVar[int]

    def check(self) -> list[str]:
        """What is wrong with the arguments, one sentence each."""
        ...

    def apply(self, text: str, rng: random.Random) -> str:
        """The changed text; the text itself only where there is nothing in it that could be changed."""
        ...
