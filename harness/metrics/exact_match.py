"""Share of records in which every field is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from harness.core.directions import Better
from harness.core.samples import Score
from harness.metrics._fields import by_field, equal
from harness.metrics.interface import Item, score_each


@dataclass(frozen=True, slots=True)
class ExactMatch:
    """1 where all fields equal the target's and none is there that the target lacks, else 0."""

    aggregate: ClassVar[str] = "rate"
    better: ClassVar[Better] = Better.HIGHER
    version: ClassVar[int] = 3
    kinds: ClassVar[tuple[str, ...]] = ("extract",)

    def score(self, items: Sequence[Item]) -> list[Score]:
        """A score for each item, without parts: field_accuracy has those."""
        return [score for score in score_each("exact_match", items, _whole) if not score.part]


def _whole(item: Item) -> float:
    answer, target = item.answer.value, item.sample.target
    assert isinstance(answer, dict)
    assert isinstance(target, dict)
    return float(set(answer) <= set(target) and all(by_field(item, equal).values()))
