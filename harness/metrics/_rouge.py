"""ROUGE F-measures by the rouge-score package (Google's own), so that numbers compare with published ones."""

from __future__ import annotations

from collections.abc import Sequence

from harness.core.samples import Score
from harness.metrics.interface import Item, score_each


def rouge(metric: str, variant: str, items: Sequence[Item], stemmer: bool) -> list[Score]:
    """F-measure of `variant` (rouge1, rouge2, rougeL) between answer and target, in [0, 1]."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer([variant], use_stemmer=stemmer)

    def value(item: Item) -> float:
        return float(scorer.score(str(item.sample.target), str(item.answer.value))[variant].fmeasure)

    return score_each(metric, items, value)
