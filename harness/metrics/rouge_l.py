"""Longest-common-subsequence overlap of answer and reference (ROUGE-L)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from harness.core.directions import Better
from harness.core.samples import Json, Score
from harness.metrics._rouge import TOKENIZER, rouge, too_short
from harness.metrics.interface import Item


@dataclass(frozen=True, slots=True)
class RougeL:
    """ROUGE-L F-measure; `stemmer` folds English endings first."""

    aggregate: ClassVar[str] = "mean"
    better: ClassVar[Better] = Better.HIGHER
    version: ClassVar[int] = 2
    tokenizer: ClassVar[str] = TOKENIZER
    kinds: ClassVar[tuple[str, ...]] = ("generate",)
    needs: ClassVar[tuple[str, ...]] = ("rouge_score",)

    stemmer: bool = True

    def doubts(self, targets: Sequence[Json]) -> list[str]:
        """Whether targets have too few words."""
        return too_short(targets, 1)

    def score(self, items: Sequence[Item]) -> list[Score]:
        """A score for each item. Needs the extra `metrics`."""
        return rouge("rouge_l", "rougeL", items, self.stemmer)
