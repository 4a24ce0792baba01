"""Share of fields that are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from harness.core.directions import Better
from harness.core.samples import Score
from harness.metrics._fields import by_field, equal
from harness.metrics.interface import Item, score_each


@dataclass(frozen=True, slots=True)
class FieldAccuracy:
    """For each field 1 where it equals the target's, else 0; the whole is the mean of the record's fields."""

    aggregate: ClassVar[str] = "mean"
    parts: ClassVar[str] = "rate"
    better: ClassVar[Better] = Better.HIGHER
    version: ClassVar[int] = 3
    kinds: ClassVar[tuple[str, ...]] = ("extract",)

    def score(self, items: Sequence[Item]) -> list[Score]:
        """A score for each item and each of its fields."""
        return score_each("field_accuracy", items, lambda item: by_field(item, equal))
