"""How much of each field was found, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from harness.core.directions import Better
from harness.core.samples import Score
from harness.metrics._fields import by_field, overlap
from harness.metrics.interface import Item, score_each


@dataclass(frozen=True, slots=True)
class PartialMatch:
    """For each field the F1 of its words against the target's; the whole is the mean of the record's fields."""

    aggregate: ClassVar[str] = "mean"
    parts: ClassVar[str] = "mean"
    better: ClassVar[Better] = Better.HIGHER
    version: ClassVar[int] = 3
    kinds: ClassVar[tuple[str, ...]] = ("extract",)

    def score(self, items: Sequence[Item]) -> list[Score]:
        """A score for each item and each of its fields."""
        return score_each("partial_match", items, lambda item: by_field(item, overlap))
