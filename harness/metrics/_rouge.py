"""ROUGE F-measures by the rouge-score package (Google's own), so that numbers compare with published ones.

The package's tokenizer keeps a-z and 0-9 only: of other scripts nothing, of "größer" three scraps. So texts beyond
ASCII have the words of harness.core.words; those in ASCII are the package's own, to the last digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from harness.core.folding import caseless
from harness.core.samples import Json, Outcome, Score
from harness.core.words import words
from harness.metrics._processes import spread
from harness.metrics.interface import Item, score_each

# Seconds of work from which other cores save more than their start costs: each loads rouge-score in 3 s, most of it
# nltk.
PAYS_FROM = 8.0


TOKENIZER = "harness.core.words 1"
"""Stands in the identity of a run: another notion of a word gives other scores."""


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

    tokenizer = _Tokenizer(stemmer)
    if variant == "rougeL":
        return [_rouge_l(tokenizer.tokenize(target), tokenizer.tokenize(answer)) for target, answer in pairs]
    scorer = RougeScorer([variant], tokenizer=tokenizer)
    return [float(scorer.score(target, answer)[variant].fmeasure) for target, answer in pairs]


def too_short(targets: Sequence[Json], least: int) -> list[str]:
    """A sentence where texts have so few words that any answer, the text itself too, scores 0."""
    short = [text for text in map(str, targets) if len(words_or_signs(text)) < least]
    if not short:
        return []
    what = "no word that ROUGE counts" if least == 1 else f"fewer than {least} words"
    return [f"{len(short)} of {len(targets)} targets have {what}, so any answer to them scores 0."]


def words_or_signs(text: str) -> list[str]:
    """The words; of a text beyond ASCII that is all signs, the signs."""
    return words(text) or [sign for sign in caseless(text) if not (sign.isspace() or sign.isascii())]


class _Tokenizer:
    """What rouge-score asks of a tokenizer: words of every script, and the package's own of texts in ASCII."""

    def __init__(self, stemmer: bool) -> None:
        from rouge_score.tokenizers import DefaultTokenizer

        self._ascii, self._stems = DefaultTokenizer(stemmer), stemmer

    def tokenize(self, text: str) -> list[str]:
        """The words, of English ones the stems; of a text of signs alone its signs."""
        if text.isascii():
            return list(self._ascii.tokenize(text))
        found = words_or_signs(text)
        return [self._stem(word) for word in found] if self._stems else found

    def _stem(self, word: str) -> str:
        return str(self._ascii.tokenize(word)[0]) if len(word) > 3 and word.isascii() else word


def _rouge_l(target: list[str], answer: list[str]) -> float:
    """As rouge-score computes it, whose table of each word by each other takes minutes where characters are words."""
    from rouge_score.scoring import fmeasure

    if not target or not answer:
        return 0.0
    common = longest_common_subsequence(target, answer)
    return float(fmeasure(common / len(answer), common / len(target)))


def longest_common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Its length: a row of the usual table as the bits of one number (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for at, word in enumerate(first):
        places[word] = places.get(word, 0) | 1 << at
    every = row = (1 << len(first)) - 1
    for word in second:
        hit = row & places.get(word, 0)
        row = (row + hit | row - hit) & every
    return len(first) - row.bit_count()
