"""lm-eval's own figure of each sample, where it is a share and not right or wrong (f1, rouge, bleu, ...)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from harness.core.directions import Better
from harness.core.samples import Score
from harness.metrics.interface import Item, score_each


@dataclass(frozen=True, slots=True)
class LmEvalScore:
    """What lm-eval gives a sample under the task's `score`, in [0, 1]; `better` is "lower" for an error rate.

    The answer is that figure.
    """

    aggregate: ClassVar[str] = "mean"
    version: ClassVar[int] = 1
    kinds: ClassVar[tuple[str, ...]] = ("lm_eval",)

    better: Better = Better.HIGHER

    def score(self, items: Sequence[Item]) -> list[Score]:
        """A score for each item."""
        return score_each("lm_eval_score", items, lambda item: float(str(item.answer.value)), self.better)
