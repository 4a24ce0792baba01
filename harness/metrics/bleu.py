"""Corpus BLEU (Papineni et al. 2002), by the sacrebleu package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from harness.core.samples import Outcome, Score
from harness.metrics.interface import Item
from harness.stats.corpus import perfect

Floats = NDArray[np.float64]

# The parts of a sample's score, in the order that stats.corpus takes them.
COUNTS = (*(f"match_{n}" for n in range(1, 5)), *(f"total_{n}" for n in range(1, 5)), "answer_len", "reference_len")


@dataclass(frozen=True, slots=True)
class Bleu:
    """BLEU over all answers together, smoothed as sacrebleu does by default; in [0, 1].

    A sample's own score is its sentence BLEU; its parts are the n-gram counts that the whole is made of.
    """

    aggregate: ClassVar[str] = "bleu"
    version: ClassVar[int] = 2
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


def counts_of(scores: Mapping[tuple[str, str], Floats], metric: str, *, favour: bool) -> Floats | None:
    """The counts of each sample, shape (samples, 10), each the mean of its repeats; None where none are stored.

    `scores` are arrays of (samples, repeats) by metric and part. A lost answer counts as an empty one, or with `favour`
    as a perfect one.
    """
    whole = scores.get((metric, ""))
    if whole is None:
        return None
    nothing = np.full_like(whole, np.nan)
    given = np.stack([scores.get((metric, name), nothing) for name in COUNTS], axis=-1)
    lengths = given[..., -1].ravel()
    missing = perfect(lengths).reshape(given.shape)
    if not favour:
        missing[..., :-1] = 0.0
    found: Floats = np.where(np.isnan(whole)[..., None], missing, given).mean(axis=1)
    return found
