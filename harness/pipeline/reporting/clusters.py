"""Failing inputs that are alike, and the words that tell them from all the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from harness.core.words import terms
from harness.report.numbers import Cluster
from harness.stats.series import Floats

LEAST = 3
_FARTHEST = 0.9
_LONGEST = 2_000
_MOST_TERMS = 4_000
_WORDS = 6
_CERTAIN = 1.64
_DIGIT = re.compile(r"\d")


def clusters_of(failing: Mapping[str, str], others: Sequence[str]) -> tuple[Cluster, ...]:
    """Groups of at least three failing inputs (by sample id) that share words, the largest first.

    `others` are inputs of the whole task: a word is typical where it is commoner in the group than among them.
    A group without two such words shares nothing that tells it from the others.
    """
    ids, told = list(failing), [_terms(text) for text in failing.values()]
    if len(ids) < LEAST:
        return ()
    all_told = [_terms(text) for text in others]
    everywhere: Counter[str] = Counter()
    for text in all_told:
        everywhere.update(text)
    groups = [one for one in average_linkage(_distances(told, all_told), _FARTHEST) if len(one) >= LEAST]
    found = [(group, typical(sum((told[i] for i in group), Counter()), everywhere)) for group in groups]
    return tuple(
        Cluster(len(group), words, tuple(ids[i] for i in group))
        for group, words in sorted(found, key=lambda one: (-len(one[0]), one[0]))
        if len(words) > 1
    )


def _terms(text: str) -> Counter[str]:
    """How often each word stands in a text, numbers apart; of scripts without spaces each pair of characters."""
    return Counter(term for term in terms(_DIGIT.sub(" ", text[:_LONGEST])) if len(term) > 1)


def _distances(told: Sequence[Counter[str]], all_told: Sequence[Counter[str]]) -> Floats:
    """Cosine distances of TF-IDF vectors, where a word weighs by how rare it is among all inputs.

    A text without words that come twice is far from all.
    """
    spread, rare = (Counter(term for text in texts for term in text) for texts in (told, all_told))
    places = {term: i for i, (term, count) in enumerate(spread.most_common(_MOST_TERMS)) if count > 1}
    weights = np.zeros((len(told), max(len(places), 1)))
    for row, text in enumerate(told):
        for term, count in text.items():
            if term in places:
                weights[row, places[term]] = (1 + np.log(count)) * np.log((2 + len(all_told)) / (1 + rare[term]))
    lengths = np.linalg.norm(weights, axis=1, keepdims=True)
    unit = np.divide(weights, lengths, out=np.zeros_like(weights), where=lengths > 0)
    distances: Floats = 1 - unit @ unit.T
    return distances


def average_linkage(distances: Floats, farthest: float) -> list[list[int]]:
    """Merge the two groups whose members are nearest on average, until that distance exceeds `farthest`.

    `distances` is symmetric, of shape (n, n). Gives the groups' places; O(n^3) additions, so for hundreds of points.
    """
    apart, groups = distances.copy(), [[i] for i in range(len(distances))]
    np.fill_diagonal(apart, np.inf)
    while len(groups) > 1:
        first, second = sorted(divmod(int(apart.argmin()), len(apart)))
        if not apart[first, second] <= farthest:
            break
        share = len(groups[first]) / (len(groups[first]) + len(groups[second]))
        merged = share * apart[first] + (1 - share) * apart[second]
        apart[first], apart[:, first] = merged, merged
        apart[second], apart[:, second], apart[first, first] = np.inf, np.inf, np.inf
        groups[first], groups[second] = sorted(groups[first] + groups[second]), []
    return [group for group in groups if group]


def typical(inside: Mapping[str, int], everywhere: Mapping[str, int]) -> tuple[str, ...]:
    """The words that are surely commoner inside than everywhere, the surest first; at most six.

    Log-odds with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008): the prior is how common each word
    is everywhere, and weighs as much as the group itself.
    """
    known = sorted(inside)
    if len({*inside, *everywhere}) < 2:  # one word all over tells nothing apart
        return ()
    ours = np.array([inside[term] for term in known], dtype=float)
    all_of_them = np.array([everywhere.get(term, 0) + 0.5 for term in known])
    n, total = ours.sum(), sum(everywhere.values()) + len(known) / 2
    prior = n * all_of_them / total
    ours, all_of_them = ours + prior, all_of_them + prior
    apart = np.log(ours / (2 * n - ours)) - np.log(all_of_them / (total + n - all_of_them))
    z = apart / np.sqrt(1 / ours + 1 / all_of_them)
    order = sorted(range(len(known)), key=lambda i: (-z[i], known[i]))
    return tuple(known[i] for i in order[:_WORDS] if z[i] > _CERTAIN and inside[known[i]] > 1)
