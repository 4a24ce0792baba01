"""How far two sets of rows lie apart: by labels, lengths and words, each beside what chance alone would make.

Labels: total variation of their shares. Lengths: Kolmogorov and Smirnov's largest difference of distributions. Words:
the Jensen-Shannon distance of unigram shares (the root of the divergence in bits). All are in [0, 1]. What two halves
of one set would show depends on how many rows there are, so the rows of both are mixed and parted anew SPLITS times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.words import words

Floats = NDArray[np.float64]
Part = NDArray[np.bool_]

SPLITS = 199
_LONGEST = 4_000  # characters of a text whose words are counted


@dataclass(frozen=True, slots=True)
class Distance:
    """`value` in [0, 1]; `usual`: 95 of 100 chance splits stay below it; `p`: the share of splits that come so far."""

    value: float
    usual: float
    p: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """Rows of a set: inputs, and their labels (None for rows that have none)."""

    texts: tuple[str, ...]
    labels: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Apart:
    """How far two sets lie apart; `labels` None where one of them has none."""

    labels: Distance | None
    lengths: Distance
    words: Distance


def apart(one: Drawn, other: Drawn, seed: int) -> Apart:
    """The distances of two sets of two rows or more each; the same for a seed."""
    texts, count = (*one.texts, *other.texts), len(one.texts)
    rng = np.random.default_rng(seed)
    splits = [_first(len(texts), count), *(rng.permutation(len(texts)) < count for _ in range(SPLITS))]
    lengths = _ranks([len(text) for text in texts])
    return Apart(
        _labels(one, other, seed),
        _judged([_largest_gap(lengths, split) for split in splits]),
        _judged(_jensen_shannon(_word_counts(texts), splits)),
    )


def _labels(one: Drawn, other: Drawn, seed: int) -> Distance | None:
    ours, theirs = ([label for label in each.labels if label is not None] for each in (one, other))
    if not ours or not theirs:
        return None
    _, codes = np.unique(np.array([*ours, *theirs]), return_inverse=True)
    rng = np.random.default_rng(seed)
    splits = [_first(len(codes), len(ours)), *(rng.permutation(len(codes)) < len(ours) for _ in range(SPLITS))]
    return _judged([_total_variation(codes, split) for split in splits])


def _first(whole: int, count: int) -> Part:
    return np.arange(whole) < count


def _judged(values: Sequence[float]) -> Distance:
    """The first value against those of the chance splits behind it."""
    value, chance = values[0], np.array(values[1:])
    reached = int((chance >= value - 1e-12).sum())
    return Distance(float(value), float(np.quantile(chance, 0.95)), (1 + reached) / (1 + len(chance)))


def _total_variation(codes: NDArray[np.intp], split: Part) -> float:
    size = int(codes.max()) + 1
    ours, theirs = (np.bincount(codes[part], minlength=size) / part.sum() for part in (split, ~split))
    return float(np.abs(ours - theirs).sum() / 2)


def _ranks(lengths: Sequence[int]) -> NDArray[np.intp]:
    return np.unique(np.array(lengths), return_inverse=True)[1]


def _largest_gap(ranks: NDArray[np.intp], split: Part) -> float:
    size = int(ranks.max()) + 1
    ours, theirs = (np.bincount(ranks[part], minlength=size).cumsum() / part.sum() for part in (split, ~split))
    return float(np.abs(ours - theirs).max())


def _word_counts(texts: Sequence[str]) -> Any:
    """Counts of words by text: a sparse matrix (texts, words)."""
    from scipy.sparse import csr_matrix

    known: dict[str, int] = {}
    columns, ends = [], [0]
    for text in texts:
        columns += [known.setdefault(word, len(known)) for word in words(text[:_LONGEST])]
        ends.append(len(columns))
    return csr_matrix(
        (np.ones(len(columns)), np.array(columns, dtype=np.int64), ends), (len(texts), max(1, len(known)))
    )


def _jensen_shannon(counts: Any, splits: Sequence[Part]) -> list[float]:
    whole, by_word = np.asarray(counts.sum(axis=0)).ravel(), counts.T.tocsr()
    found = []
    for split in splits:
        ours = by_word @ split.astype(np.float64)
        found.append(_distance(ours, whole - ours))
    return found


def _distance(ours: Floats, theirs: Floats) -> float:
    if not ours.sum() or not theirs.sum():
        return 0.0 if ours.sum() == theirs.sum() else 1.0
    p, q = ours / ours.sum(), theirs / theirs.sum()
    middle = (p + q) / 2
    divergence = (_divergence(p, middle) + _divergence(q, middle)) / 2
    return float(np.sqrt(max(0.0, min(1.0, divergence))))


def _divergence(p: Floats, q: Floats) -> float:
    held = p > 0
    return float((p[held] * np.log2(p[held] / q[held])).sum())
