"""Corpus BLEU (Papineni et al. 2002), by the sacrebleu package."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from harness.core.directions import Better
from harness.core.samples import Json, Outcome, Score
from harness.core.words import is_unspaced, written_words
from harness.metrics.interface import Item
from harness.stats.corpus import ORDERS, perfect

Floats = NDArray[np.float64]
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")  # what sacrebleu's zh splits

# The parts of a sample's score, in the order that stats.corpus takes them.
COUNTS = (*(f"match_{n}" for n in range(1, 5)), *(f"total_{n}" for n in range(1, 5)), "answer_len", "reference_len")


@dataclass(frozen=True, slots=True)
class Bleu:
    """BLEU over all answers together, smoothed as sacrebleu does by default; in [0, 1].

    A sample's own score is its sentence BLEU; its parts are the n-gram counts that the whole is made of.
    """

    aggregate: ClassVar[str] = "bleu"
    better: ClassVar[Better] = Better.HIGHER
    version: ClassVar[int] = 2
    kinds: ClassVar[tuple[str, ...]] = ("generate",)
    needs: ClassVar[tuple[str, ...]] = ("sacrebleu",)

    tokenize: Literal["13a", "intl", "char", "zh", "none"] = "13a"
    lowercase: bool = False

    def doubts(self, targets: Sequence[Json]) -> list[str]:
        """Whether targets have no spaces that its tokenizer finds words by, or too few words for stretches of four."""
        texts = [str(target) for target in targets]
        unspaced = [text for text in texts if self._finds_no_words(text)]
        short = [text for text in texts if len(written_words(text)) < ORDERS]
        found = []
        if unspaced:
            found.append(
                f"{len(unspaced)} of {len(texts)} targets are in scripts without spaces, where 'tokenize: "
                f"{self.tokenize}' takes a whole sentence for a word. Write `tokenize: char`, or zh for Chinese."
            )
        if 2 * len(short) > len(texts):
            found.append(
                f"{len(short)} of {len(texts)} targets have fewer than {ORDERS} words, the least that BLEU counts. "
                "Use rouge_1 or rouge_l for short texts."
            )
        return found

    def _finds_no_words(self, text: str) -> bool:
        return self.tokenize != "char" and is_unspaced(_HAN.sub("", text) if self.tokenize == "zh" else text)

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
