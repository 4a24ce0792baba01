"""Unigram overlap of answer and reference (ROUGE-1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from harness.core.samples import Score
from harness.metrics._rouge import rouge
from harness.metrics.interface import Item


@dataclass(frozen=True, slots=True)
class Rouge1:
    """ROUGE-1 F-measure; `stemmer` folds English endings first."""

    aggregate: ClassVar[str] = "mean"
    version: ClassVar[int] = 2
    kinds: ClassVar[tuple[str, ...]] = ("generate",)
    needs: ClassVar[tuple[str, ...]] = ("rouge_score",)

    stemmer: bool = True

    def score(self, items: Sequence[Item]) -> list[Score]:
        """A score for each item. Needs the extra `metrics`."""
        return rouge("rouge_1", "rouge1", items, self.stemmer)
