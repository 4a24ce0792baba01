"""Corpus BLEU (Papineni et al. 2002), by the sacrebleu package."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from harness.core.samples import Outcome, Score
from harness.metrics.interface import Item
from harness.stats.corpus import perfect

# The parts of a sample's score, in the order that stats.corpus takes them.
COUNTS = (*(f"match_{n}" for n in range(1, 5)), *(f"total_{n}" for n in range(1, 5)), "answer_len", "reference_len")


@dataclass(frozen=True, slots=True)
class Bleu:
    """BLEU over all answers together, smoothed as sacrebleu does by default; in [0, 1].

    A sample's own score is its sentence BLEU; its parts are the n-gram counts that the whole is made of.
    """

    aggregate: ClassVar[str] = "bleu"
    version: ClassVar[int] = 1
    kinds: ClassVar[tuple[str, ...]] = ("generate",)
    needs: ClassVar[tuple[str, ...]] = ("sacrebleu",)

    tokenize: Literal["13a", "intl", "char", "zh", "none"] = "13a"
    lowercase: bool = False

    def score(self, items: Sequence[Item]) -> list[Score]:
        """A score and ten counts for each item, of a lost one only the reference's length. Needs the extra `metrics`.

        What the model failed to answer counts as an empty text beside its reference.
        """
        from sacrebleu.metrics.bleu import BLEU

        sentence = BLEU(self.lowercase, tokenize=self.tokenize, effective_order=True)
        return [score for item in items for score in _scores(sentence, item)]


def _scores(sentence: Any, item: Item) -> list[Score]:
    answer, given = item.answer, item.answer.outcome is Outcome.SCORED
    found = sentence.sentence_score(str(answer.value) if given else "", [str(item.sample.target)])
    values = dict(zip(COUNTS, (*found.counts, *found.totals, found.sys_len, found.ref_len), strict=True))
    whole: float | None = min(1.0, found.score / 100)
    if answer.outcome is Outcome.NOT_EVALUATED:
        values, whole = {"reference_len": found.ref_len}, None
    parts = [Score(item.sample.id, "bleu", float(n), part, repeat=answer.repeat) for part, n in values.items()]
    return [*parts, Score(item.sample.id, "bleu", whole, reason=answer.reason, repeat=answer.repeat)]


def counts_of(scores: Iterable[Score], metric: str, ids: Sequence[str], *, favour: bool) -> NDArray[np.float64]:
    """The counts of the samples `ids`, shape (n, 10), each the mean of its repeats; NaN where none are stored.

    A lost answer counts as an empty one, or with `favour` as a perfect one.
    """
    rows: dict[tuple[str, int], dict[str, float | None]] = {}
    for score in scores:
        if score.metric == metric:
            rows.setdefault((score.sample_id, score.repeat), {})[score.part] = score.value
    by_sample: dict[str, list[NDArray[np.float64]]] = {}
    for (sample, _), parts in rows.items():
        by_sample.setdefault(sample, []).append(_row(parts, favour))
    missing = [np.full(len(COUNTS), np.nan)]
    found = [np.mean(by_sample.get(sample, missing), axis=0) for sample in ids]
    return np.array(found, dtype=np.float64).reshape(len(ids), len(COUNTS))


def _row(parts: Mapping[str, float | None], favour: bool) -> NDArray[np.float64]:
    whole, length = parts.get(""), parts.get("reference_len")
    if whole is not None and not math.isnan(whole):
        return np.array([parts.get(name) for name in COUNTS], dtype=np.float64)
    counts: NDArray[np.float64] = perfect(np.array([np.nan if length is None else length]))[0]
    if not favour:
        counts[:-1] = 0.0
    return counts
