"""Distances of two sets: right where they can be worked out by hand, and none where there is none."""

from __future__ import annotations

import math
from random import Random

import pytest

from harness.data.drift import Drawn, apart

WORDS = [f"word{i}" for i in range(200)]


def drawn(seed: int, count: int = 300, words: list[str] = WORDS, labels: str = "ab") -> Drawn:
    rng = Random(seed)
    texts = tuple(" ".join(rng.choices(words, k=rng.randint(5, 25))) for _ in range(count))
    return Drawn(texts, tuple(rng.choice(labels) for _ in range(count)))


def test_the_distances_are_those_worked_out_by_hand() -> None:
    one = Drawn(("x y", "x y", "x x", "y y"), ("a", "a", "a", "b"))
    other = Drawn(("x z", "z z zz"), ("a", "b"))
    found = apart(one, other, 1)
    assert found.labels is not None
    assert found.labels.value == pytest.approx(0.25)  # shares 3/4 and 1/2 of a
    assert found.lengths.value == pytest.approx(0.5)  # half of the others are longer than any of these
    p, q = {"x": 1 / 2, "y": 1 / 2}, {"x": 1 / 5, "z": 3 / 5, "zz": 1 / 5}
    middle = {word: (p.get(word, 0) + q.get(word, 0)) / 2 for word in {*p, *q}}
    bits = sum(each[word] * math.log2(each[word] / middle[word]) / 2 for each in (p, q) for word in each)
    assert found.words.value == pytest.approx(math.sqrt(bits))


def test_nothing_in_common_is_1_and_the_same_rows_are_0() -> None:
    one = drawn(1)
    apart_ = apart(one, Drawn(tuple(f"{'zz ' * 90}" for _ in range(50)), ("c",) * 50), 1)
    assert apart_.labels is not None
    assert (apart_.labels.value, apart_.words.value, apart_.lengths.value) == (1.0, 1.0, 1.0)
    assert max(apart_.labels.p, apart_.words.p, apart_.lengths.p) == pytest.approx(1 / 200)
    same = apart(one, one, 1)
    assert same.labels is not None
    assert (same.labels.value, same.words.value, same.lengths.value) == (0.0, 0.0, 0.0)
    assert same.words.p == 1.0


def test_two_draws_of_one_kind_of_rows_are_seldom_called_apart_and_others_are() -> None:
    pairs = [apart(drawn(2 * seed), drawn(2 * seed + 1, 120), seed) for seed in range(40)]
    called = [each.p <= 0.05 for pair in pairs for each in (pair.labels, pair.lengths, pair.words) if each]
    assert len(called) == 120
    assert sum(called) <= 14  # 6 are expected; more than 14 come by a chance of 0.2 %
    moved = apart(drawn(1), drawn(2, words=WORDS[:100]), 1)
    assert moved.words.p <= 0.01
    assert moved.words.value > moved.words.usual


def test_rows_without_labels_have_no_distance_of_labels_and_the_seed_decides() -> None:
    one, none = drawn(1), Drawn(("a b", "c d"), (None, None))
    assert apart(one, none, 1).labels is None
    assert apart(one, drawn(2), 7) == apart(one, drawn(2), 7)
    empty = apart(Drawn(("", ""), (None, None)), Drawn(("!", "?"), (None, None)), 1)
    assert empty.words.value == 0.0  # no words on either side
