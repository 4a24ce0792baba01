"""Gates, differences and models as rows: where dots lie, and what has no number."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest

from harness.core.verdicts import Verdict
from harness.report.pictures.canvas import wrap
from harness.report.pictures.differences import DifferenceRow, differences
from harness.report.pictures.intervals import intervals
from harness.report.pictures.models import ModelRow, models
from tests.report.pictures.pages import gate, parsed, texts


def circles(root: Element) -> list[float]:
    return [float(element.get("cx", "")) for element in root.iter("circle")]


def threshold(root: Element) -> float:
    """Where the one line in the colour of the ink stands."""
    (place,) = {line.get("x1", "") for line in root.iter("line") if "stroke: var(--ink)" in line.get("style", "")}
    return float(place)


@pytest.mark.parametrize(
    ("value", "bound", "good", "right"),
    [
        (0.93, 0.9, "above", True),
        (0.87, 0.9, "above", False),
        (0.01, 0.02, "below", True),
        (0.03, 0.02, "below", False),
    ],
)
def test_right_of_the_one_line_is_good_for_every_gate(value: float, bound: float, good: str, right: bool) -> None:
    picture = intervals([gate("g", value=value, low=None, high=None, bound=bound, good=good)])

    assert picture is not None
    for root in parsed(picture):
        assert (circles(root)[0] > threshold(root)) == right


def test_a_limit_for_the_other_side_is_turned_with_the_value() -> None:
    picture = intervals([gate("g", value=0.01, low=0.005, high=0.03, bound=0.02, good="below")])

    assert picture is not None
    root = parsed(picture)[0]
    bars = [line for line in root.iter("line") if line.get("stroke-width") == "5"]
    ends = {float(line.get("x2", "")) for line in bars}
    assert min(ends) < threshold(root) < circles(root)[0] < max(ends)


def test_times_have_a_scale_of_their_own() -> None:
    slow = gate("slow", value=3.0, low=2.5, high=3.5, bound=2.0, good="below", family="seconds")
    picture = intervals([gate("g"), slow])

    assert picture is not None
    assert {"percentage points", "per cent of the limit"} <= set(texts(picture))


def test_a_limit_of_no_seconds_is_held_in_seconds() -> None:
    picture = intervals([gate("g", value=0.2, low=None, high=None, bound=0.0, good="below", family="seconds")])

    assert picture is not None
    assert "seconds" in texts(picture)


@pytest.mark.parametrize("number", [None, math.nan, math.inf])
def test_a_gate_without_a_number_says_so(number: float | None) -> None:
    picture = intervals([gate("g", value=number, value_text="", verdict=Verdict.ERROR), gate("other")])

    assert picture is not None
    assert "not measured" in texts(picture)
    assert "! ERROR" in texts(picture)
    assert len(circles(parsed(picture)[0])) == 1


def test_verdicts_differ_in_shape_and_in_words() -> None:
    drawn = {verdict: intervals([gate("g", verdict=verdict)]) for verdict in Verdict}

    marks = set()
    for verdict, picture in drawn.items():
        assert picture is not None
        assert any(verdict.value in text for text in texts(picture))
        dot = next(e for e in parsed(picture)[0].iter() if e.tag in ("circle", "rect", "path"))
        marks.add((dot.tag, "fill: var(--paper)" in dot.get("style", "")))
    assert len(marks) == len(Verdict)


def test_an_open_end_is_dashed_to_the_edge() -> None:
    picture = intervals([gate("g", high=None)])

    assert picture is not None
    dashed = [line for line in parsed(picture)[0].iter("line") if line.get("stroke-dasharray")]
    assert [line.get("x2") for line in dashed] == ["596"]


def test_forty_gates_one_below_the_other() -> None:
    picture = intervals([gate(f"gate {i}") for i in range(40)])

    assert picture is not None
    for root in parsed(picture):
        names = [e for e in root.iter("text") if (e.text or "").startswith("gate ")]
        heights = [float(e.get("y", "")) for e in names]
        assert len(names) == 40
        assert all(after - before > 30 for before, after in pairwise(heights))


def test_values_that_are_all_the_same_have_a_scale() -> None:
    picture = intervals([gate("g", value=0.9, low=0.9, high=0.9)])

    assert picture is not None
    assert circles(parsed(picture)[0]) == [pytest.approx(threshold(parsed(picture)[0]), abs=0.5)]


def test_nothing_gives_no_picture() -> None:
    assert intervals([]) is None
    assert differences([]) is None
    assert models([]) is None


@pytest.mark.parametrize(
    ("low", "high", "good", "word"),
    [
        (0.01, 0.03, "above", "better"),
        (-0.03, -0.01, "above", "worse"),
        (0.01, 0.03, "below", "worse"),
        (-0.01, 0.03, "above", "unclear"),
        (None, 0.03, "above", "unclear"),
    ],
)
def test_a_difference_is_told_apart_only_by_its_interval(low: float, high: float, good: str, word: str) -> None:
    row = DifferenceRow("m", "base", 0.02 if (low or 0) > -0.02 else -0.02, low, high, good)  # type: ignore[arg-type]
    picture = differences([row])

    assert picture is not None
    assert word in texts(picture)


def test_a_model_that_was_not_measured_is_named_without_a_dot() -> None:
    picture = models([ModelRow("m", "candidate", 0.9, value_text="90.0 %"), ModelRow("m", "base")])

    assert picture is not None
    assert any("not measured" in text and "base" in text for text in texts(picture))
    assert len(circles(parsed(picture)[0])) == 1


def test_a_long_name_goes_on_on_the_next_line_before_it_is_shortened() -> None:
    assert wrap("triage.accuracy", 240) == ("triage.accuracy",)
    assert wrap("Orders: records with every field right", 190, bold=True) == (
        "Orders:",
        "records with every field",
        "right",
    )
    assert wrap("robustness.out_of_scope.accuracy", 189, bold=True) == ("robustness.out_of_scope.", "accuracy")
    cut = wrap("word " * 60, 120)
    assert len(cut) == 3
    assert "…" in cut[-1]
    assert "…" not in cut[0] + cut[1]


def test_rows_tell_names_and_rules_apart_where_tasks_share_a_measure() -> None:
    names = ("Robustness, out of scope, far out: right answers", "Robustness, queue: right answers")
    picture = intervals([replace(gate(name), bound_text="at least 90 %") for name in names])

    assert picture is not None
    read = " ".join(texts(picture))
    assert all(name.partition(": ")[0] in read for name in names)
    assert "…" not in read
    assert read.count("at least 90 %") == 2


def test_only_with_several_baselines_each_row_names_its_own() -> None:
    rows = [DifferenceRow("m", role, 0.02, 0.01, 0.03) for role in ("base", "other")]
    alone, both = differences(rows[:1]), differences(rows)

    assert alone is not None
    assert both is not None
    assert "against base" not in texts(alone)
    assert {"against base", "against other"} <= set(texts(both))
