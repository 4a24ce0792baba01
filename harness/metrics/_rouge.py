"""ROUGE F-measures by the rouge-score package (Google's own), so that numbers compare with published ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from harness.core.samples import Outcome, Score
from harness.metrics._processes import spread
from harness.metrics.interface import Item, score_each

# Seconds of work from which other cores save more than their start costs: each loads rouge-score in 3 s, most of it
# nltk. That is about 11,000 answers of 15 words (0.7 ms each), 3,400 of 40 words (2.4 ms for ROUGE-L).
PAYS_FROM = 8.0


def rouge(metric: str, variant: str, items: Sequence[Item], stemmer: bool) -> list[Score]:
    """F-measure of `variant` (rouge1, rouge2, rougeL) between answer and target, in [0, 1]."""
    scored = [item for item in items if item.answer.outcome is Outcome.SCORED]
    pairs = [(str(item.sample.target), str(item.answer.value)) for item in scored]
    values = iter(spread(partial(f_measures, variant, stemmer), pairs, PAYS_FROM))
    return score_each(metric, items, lambda _: next(values))


def f_measures(variant: str, stemmer: bool, pairs: Sequence[tuple[str, str]]) -> list[float]:
    """The F-measure of each pair of target and answer."""
    if not pairs:
        return []
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer([variant], use_stemmer=stemmer)
    return [float(scorer.score(target, answer)[variant].fmeasure) for target, answer in pairs]
