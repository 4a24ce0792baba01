"""Which of many texts to label next: those that a model is likely to get wrong, and no two of a kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.words import terms as terms_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEIGHBOURS = 5
_MOST_TERMS = 50_000
_LONGEST = 2_000
_PRIOR = 0.5  # likeness that the mean difficulty counts for: what is like nothing asked is thought average
_BLOCK = 1_000


@dataclass(frozen=True, slots=True)
class Likened:
    """What a few samples tell of each text: `difficulty` in [0, 1], and the `nearest` samples (texts, at most five).

    `likeness` is the cosine of TF-IDF vectors of each of those, the nearest first; 0 for what shares no word.
    """

    difficulty: Floats
    nearest: Ints
    likeness: Floats


def margin_doubt(choices: Sequence[float]) -> float:
    """How near the two likeliest choices are, from their log-likelihoods: 1 for equal ones, 0 for a sure one."""
    if len(choices) < 2 or not np.isfinite(choices).any():
        return 1.0
    likely = np.exp(np.array(choices, dtype=np.float64) - np.max(choices))
    second, first = np.sort(likely / likely.sum())[-2:]
    return float(1 - (first - second))


def disagreement(answers: Sequence[object]) -> float:
    """The share of a sample's answers that are not its commonest one: 0 where all agree. `answers` is not empty."""
    return 1 - Counter(answers).most_common(1)[0][1] / len(answers)


def vectors(texts: Sequence[str]) -> Any:
    """Unit TF-IDF vectors of the texts, a sparse matrix (texts, terms); words of one text only weigh nothing.

    A text whose words all stand in no other is a row of zeros.
    """
    from scipy.sparse import csr_matrix

    told = [Counter(terms_of(text[:_LONGEST])) for text in texts]
    spread = Counter(term for words in told for term in words)
    terms = {term: i for i, (term, count) in enumerate(spread.most_common(_MOST_TERMS)) if count > 1}
    rare = {term: float(np.log((1 + len(texts)) / (1 + spread[term]))) + 1e-9 for term in terms}
    data, columns, ends = [], [], [0]
    for words in told:
        known = [(terms[term], (1 + np.log(count)) * rare[term]) for term, count in words.items() if term in terms]
        length = float(np.sqrt(sum(weight * weight for _, weight in known)))
        columns += [term for term, _ in known]
        data += [weight / length for _, weight in known]
        ends.append(len(data))
    return csr_matrix((np.array(data), np.array(columns, dtype=np.int64), ends), (len(texts), max(len(terms), 1)))


def likened(texts: Any, samples: Any, difficulty: Floats) -> Likened:
    """The difficulty of texts from that of the samples most like them (vectors of the same terms; some sample)."""
    most = min(NEIGHBOURS, samples.shape[0])
    found, nearest, likeness = [], [], []
    for start in range(0, texts.shape[0], _BLOCK):
        alike = (texts[start : start + _BLOCK] @ samples.T).toarray()
        order = np.argsort(-alike, axis=1, kind="stable")[:, :most]
        near = np.take_along_axis(alike, order, axis=1)
        total = (near * difficulty[order]).sum(axis=1) + _PRIOR * difficulty.mean()
        found.append(total / (near.sum(axis=1) + _PRIOR))
        nearest.append(order)
        likeness.append(near)
    none = np.zeros((0, most))
    return Likened(
        np.concatenate([np.zeros(0), *found]),
        np.concatenate([none.astype(np.int64), *nearest]),
        np.concatenate([none, *likeness]),
    )


def spread_out(scores: Floats, texts: Any, count: int, among: int = 0) -> Ints:
    """Places of `count` texts with high scores that are unlike each other, the first to be labelled first.

    Farthest first among the highest scores (`among` of them; 0: ten for each wanted, 500 at least): each next one has
    the highest score times its distance from all that were taken. Equal ones go by place.
    """
    pool = np.argsort(-scores, kind="stable")[: max(among or max(10 * count, 500), count)]
    taken: list[int] = []
    apart, left = np.ones(len(pool)), scores[pool].astype(np.float64) + 1e-9
    for _ in range(min(count, len(pool))):
        best = int(np.argmax(left * (apart + 1e-6)))
        taken.append(best)
        left[best] = -np.inf
        alike = (texts[pool] @ texts[pool[best]].T).toarray().ravel()
        apart = np.minimum(apart, np.clip(1 - alike, 0, 1))
    return np.asarray(pool[taken], dtype=np.int64)
