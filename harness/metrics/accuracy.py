"""Share of answers that are the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from harness.core.directions import Better
from harness.core.samples import Score
from harness.metrics.interface import Item, score_each


@dataclass(frozen=True, slots=True)
class Accuracy:
    """1 where the answer equals the target, else 0."""

    aggregate: ClassVar[str] = "rate"
    better: ClassVar[Better] = Better.HIGHER
    version: ClassVar[int] = 3
    kinds: ClassVar[tuple[str, ...]] = ("classify", "refuse", "lm_eval")

    def score(self, items: Sequence[Item]) -> list[Score]:
        """A score for each item."""
        return score_each("accuracy", items, lambda item: float(item.answer.value == item.sample.target))
