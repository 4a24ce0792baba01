"""What is labelled next is hard for the model, and no two of a kind."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.data.choose import disagreement, likened, margin_doubt, spread_out, vectors


def test_doubt_by_log_probabilities() -> None:
    assert margin_doubt([-1.0, -1.0]) == pytest.approx(1.0)
    assert margin_doubt([math.log(0.7), math.log(0.2), math.log(0.1)]) == pytest.approx(0.5)
    assert margin_doubt([0.0, -1000.0]) == pytest.approx(0.0)
    assert margin_doubt([-math.inf, -math.inf]) == 1.0
    assert margin_doubt([-3.0]) == 1.0


def test_disagreement_is_the_share_of_other_answers() -> None:
    assert disagreement(["a", "a", "a"]) == 0.0
    assert disagreement(["a", "b", "a", "c"]) == 0.5


def test_vectors_are_of_unit_length_and_words_of_one_text_weigh_nothing() -> None:
    found = vectors(["late parcel", "late late parcel today", "alone", "parcel"])
    assert np.linalg.norm(found.toarray(), axis=1) == pytest.approx([1, 1, 0, 1])
    assert found.shape == (4, 2)


def test_what_is_like_a_hard_sample_is_hard() -> None:
    both = vectors(["parcel late harbour", "card lost street", "zebra", "the parcel is late", "my card is lost"])
    found = likened(both[:3], both[3:], np.array([1.0, 0.0]))
    assert found.difficulty[0] > 0.6 > 0.4 > found.difficulty[1]
    assert found.difficulty[2] == 0.5
    assert found.nearest[:2, 0].tolist() == [0, 1]


def test_the_hardest_come_first_and_are_spread() -> None:
    texts = [
        "parcel late today",
        "parcel late tomorrow",
        "parcel late today soon",
        "card lost street",
        "card lost road",
    ]
    scores = np.array([0.9, 0.9, 0.95, 0.5, 0.4])
    order = spread_out(scores, vectors(texts), 2)
    assert order.tolist() == [2, 3]
    assert sorted(spread_out(scores, vectors(texts), 9).tolist()) == [0, 1, 2, 3, 4]
