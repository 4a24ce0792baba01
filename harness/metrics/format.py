"""Share of outputs that have the required form: a label of the set, JSON under the schema, a text of allowed length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from harness.core.directions import Better
from harness.core.samples import Outcome, Score
from harness.metrics.interface import Item, score_each


@dataclass(frozen=True, slots=True)
class Format:
    """1 where the output could be read as an answer of its task and has its end, else 0."""

    aggregate: ClassVar[str] = "rate"
    better: ClassVar[Better] = Better.HIGHER
    version: ClassVar[int] = 3
    kinds: ClassVar[tuple[str, ...]] = ("classify", "extract", "generate")

    def score(self, items: Sequence[Item]) -> list[Score]:
        """A score for each item; no parts, for a text has its form as a whole."""
        scores = score_each("format", items, lambda item: float(_is_whole(item)))
        return [score for score in scores if not score.part]


def _is_whole(item: Item) -> bool:
    """A text that was cut off is scored for what is there, with a reason."""
    return item.answer.outcome is Outcome.SCORED and item.answer.reason is None
