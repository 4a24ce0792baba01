"""What the perturbations share: how many places a rate means, and where texts are put."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

Place = Literal["before", "after", "either"]


def check_rate(rate: float) -> list[str]:
    """A rate is a share of the places: above 0, at most 1."""
    return [] if 0 < rate <= 1 else [f"'rate' must be above 0 and at most 1, not {rate:g}."]


def some(places: Sequence[int], rate: float, rng: random.Random) -> list[int]:
    """A share of the places, in rising order: at least one where there is one."""
    return sorted(rng.sample(places, max(1, round(rate * len(places))))) if places else []


def check_texts(texts: Sequence[str]) -> list[str]:
    """There is at least one text, and none is empty."""
    found = [] if texts else ["'texts' needs at least one text."]
    return found + (["'texts' holds an empty text."] if any(not text.strip() for text in texts) else [])


def put(text: str, texts: Sequence[str], place: Place, rng: random.Random) -> str:
    """The text with one of `texts` in a paragraph of its own before or after it."""
    added = rng.choice(texts)
    before = place == "before" or (place == "either" and rng.random() < 0.5)
    return "\n\n".join(part for part in ([added, text] if before else [text, added]) if part.strip())
