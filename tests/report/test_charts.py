"""Drawings: whole, inside their frame, and with their words escaped."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from harness.report.charts import Line, Scale, Span, curve, scale_of, span, ticks

HOSTILE = "</title></svg><script>alert(1)</script>"


def test_a_span_shows_value_interval_and_bound_in_order() -> None:
    root = ElementTree.fromstring(span(Span("t", 0.9, "90 %", 0.94, 0.91, 0.96, "91 %", "96 %", "pass")))
    places = {element.get("class"): element for element in root}
    bound, value = (float(places["bound"].get("x1", "").rstrip("%")), float(places["value"].get("cx", "").rstrip("%")))
    low, high = (float(places["interval"].get(x, "").rstrip("%")) for x in ("x1", "x2"))
    assert 0 < bound < low < value < high < 100
    assert root.get("role") == "img"
    assert root.findtext("title") == "t"


def test_an_open_interval_reaches_the_edge() -> None:
    root = ElementTree.fromstring(span(Span("t", 5.0, "5 s", 1.0, 0.9, None, "0.9 s")))
    drawn = next(element for element in root if element.get("class") == "interval open")
    assert drawn.get("x2") == "100.00%"


def test_without_a_value_only_the_bound_is_drawn() -> None:
    drawn = span(Span("t", 0.4, "40 %"))
    assert "circle" not in drawn
    assert 'class="interval' not in drawn
    assert 'class="bound"' in drawn


@pytest.mark.parametrize("number", [0.0, -1.0, 1.0])
def test_a_scale_of_one_number_has_width(number: float) -> None:
    scale = scale_of(Span("t", number, ""))
    assert scale.start < number < scale.end


def test_nothing_leaves_the_frame() -> None:
    assert [Scale(0, 1).at(x) for x in (-5, 0.5, 7)] == ["0.00%", "50.00%", "100.00%"]


def test_a_curve_holds_each_line_and_the_mark() -> None:
    lines = [Line("training", "training", ((0, 2.0), (10, 1.0))), Line("v", "validation", ((0, 2.2), (10, 1.1)))]
    drawn = curve("Loss", lines, (10.0, "kept: step 10"))
    root = ElementTree.fromstring(drawn)
    assert len(root.findall(".//polyline")) == 2
    assert "kept: step 10" in drawn
    numbers = [
        float(number) for points in re.findall(r'points="([^"]*)"', drawn) for number in re.split("[ ,]", points)
    ]
    assert all(0 <= number <= 100 for number in numbers)


@pytest.mark.parametrize("values", [(0.0, 0.0), (1e-9, 1e-9), (1e6, 2e6)])
def test_any_losses_can_be_drawn(values: tuple[float, float]) -> None:
    points = tuple(enumerate(map(float, values)))
    ElementTree.fromstring(curve("Loss", [Line("l", "l", tuple((float(x), y) for x, y in points))], None))


def test_ticks_are_few_and_round() -> None:
    assert ticks(0, 150) == [0, 50, 100, 150]
    assert 3 <= len(ticks(0, 2.94)) <= 7


@pytest.mark.parametrize("drawn", [span(Span(HOSTILE, 0.5, HOSTILE, 0.5, 0.4, 0.6, HOSTILE, HOSTILE)),
                                   curve(HOSTILE, [Line("l", "l", ((0, 1), (1, 2)))], (1.0, HOSTILE))])  # fmt: skip
def test_words_are_escaped(drawn: str) -> None:
    assert "<script>" not in drawn
    ElementTree.fromstring(drawn)
