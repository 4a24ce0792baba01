"""Pictures with axes, and the confusion matrix."""

from __future__ import annotations

import math

import pytest

from harness.report import words
from harness.report.numbers import Confusion
from harness.report.past import PastPoint
from harness.report.pictures.confusion import confusion
from harness.report.pictures.costs import CostPoint, costs
from harness.report.pictures.history import history
from harness.report.pictures.latency import latency
from harness.report.pictures.losses import losses
from harness.report.pictures.trend import trend
from tests.report.pictures.pages import POINT, parsed, texts


def test_confusion_counts_each_pair_and_answers_without_a_label() -> None:
    picture = confusion(Confusion(("a", "b"), {("a", "a"): 7, ("a", None): 2, ("b", "a"): 1234}))

    assert picture is not None
    assert {"7", "2", "1,234", "no label"} <= set(texts(picture))
    assert "b answered as a (1,234)" in picture.alt


def test_confusion_shades_by_the_share_of_the_row() -> None:
    picture = confusion(Confusion(("a", "b"), {("a", "a"): 3, ("a", "b"): 1, ("b", "b"): 900}))

    assert picture is not None
    shades = [float(e.get("fill-opacity", "1")) for e in parsed(picture)[0].iter("rect") if e.get("fill-opacity")]
    assert shades == [pytest.approx(0.45 * share, abs=0.01) for share in (0.75, 0.25, 1.0)]


def test_confusion_of_many_classes_is_left_to_the_table() -> None:
    names = tuple(f"class {i}" for i in range(17))

    assert confusion(Confusion(names, {("class 1", "class 1"): 1})) is None
    assert confusion(Confusion((), {})) is None
    assert confusion(Confusion(names[:16], {("class 1", "class 1"): 1})) is not None


def test_counts_too_long_for_a_phone_are_shares_there_and_it_says_so() -> None:
    names = tuple(f"class {i}" for i in range(16))
    picture = confusion(Confusion(names, {("class 1", "class 1"): 1500, ("class 1", "class 2"): 1}))

    assert picture is not None
    narrow = [element.text or "" for element in parsed(picture)[1].iter("text")]
    assert any("per cent of each row" in text for text in narrow)
    assert {">99", "<1"} <= set(narrow)


def test_losses_mark_the_step_that_was_kept_and_leave_out_what_is_no_number() -> None:
    picture = losses([(1, 3.0), (2, math.nan), (3, 2.0)], [(2, 2.5), (3, math.inf)], 2)

    assert picture is not None
    assert {"kept: step 2", "training 2", "validation 2.5"} <= set(texts(picture))


def test_losses_of_nothing_are_no_picture() -> None:
    assert losses([], [(1, math.nan)], None) is None


def test_latency_marks_the_middle_and_the_95th_percentile() -> None:
    picture = latency({"candidate": [i / 100 for i in range(1, 101)], "base": []})

    assert picture is not None
    assert {"● p50 0.50\u00a0s", "▲ p95 0.95\u00a0s", "seconds", "no answer was timed"} <= set(texts(picture))


def test_a_heavy_tail_is_drawn_on_a_scale_that_says_so() -> None:
    picture = latency({"candidate": [*[0.1] * 99, 30.0]})

    assert picture is not None
    assert "logarithmic scale" in texts(picture)


def test_latency_of_nothing_is_no_picture() -> None:
    assert latency({"candidate": []}) is None


def test_history_draws_each_decision_and_the_threshold() -> None:
    points = [
        ("v1", PastPoint(0.88, 0.85, 0.91, "FAIL")),
        ("v2", PastPoint(math.nan, None, None, "ERROR")),
        ("v3", POINT),
    ]
    picture = history("accuracy", points, 0.9, words.percent)

    assert picture is not None
    assert {"v1", "v3", "threshold 90.0\u00a0%", "93.0\u00a0%"} <= set(texts(picture))
    assert "v2" not in texts(picture)


def test_history_of_many_decisions_shows_the_last() -> None:
    picture = history("accuracy", [(f"v{i}", POINT) for i in range(100)], None, words.percent)

    assert picture is not None
    for root, most in zip(parsed(picture), (30, 14), strict=True):
        assert len(list(root.iter("circle"))) == most
        labels = [e for e in root.iter("text") if (e.text or "").startswith("v")]
        assert labels[0].text == f"v{100 - most}"


def test_a_trend_needs_two_points_and_stays_small() -> None:
    picture = trend("accuracy", [POINT, POINT], words.percent)

    assert trend("accuracy", [POINT], words.percent) is None
    assert picture is not None
    assert "max-width: 120px" in parsed(picture)[0].get("style", "")
    (dot,) = parsed(picture)[0].iter("circle")
    assert float(dot.get("cy", "")) == pytest.approx(14, abs=1), "a level trend lies in the middle of its 28 pixels"


def test_costs_name_each_model_beside_its_dot() -> None:
    points = [CostPoint("candidate", 0.42, 0.93), CostPoint("base", 0.41, 0.93), CostPoint("broken", math.nan, 0.9)]
    picture = costs(points, "EUR", "triage.accuracy")

    assert picture is not None
    found = {e.text: float(e.get("y", "")) for e in parsed(picture)[0].iter("text")}
    assert abs(found["candidate"] - found["base"]) > 25
    assert "broken" not in found
    assert costs([], "EUR", "m") is None
