"""How likely the model finds a text, byte by byte: the inverse of lm-eval's byte perplexity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from harness.core.directions import Better
from harness.core.samples import Score
from harness.metrics.interface import Item, score_each


@dataclass(frozen=True, slots=True)
class ByteLikelihood:
    """Geometric mean of the probability of each UTF-8 byte, in (0, 1]; higher is better.

    The answer is the text's log-likelihood (nats) divided by its bytes.
    """

    aggregate: ClassVar[str] = "mean"
    better: ClassVar[Better] = Better.HIGHER
    version: ClassVar[int] = 1
    kinds: ClassVar[tuple[str, ...]] = ("lm_eval",)

    def score(self, items: Sequence[Item]) -> list[Score]:
        """A score for each item."""
        return score_each("byte_likelihood", items, lambda item: math.exp(min(0.0, float(str(item.answer.value)))))
