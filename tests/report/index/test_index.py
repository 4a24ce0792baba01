"""The index of a release: every decision with its pages, newest first, and the trend of each gated metric."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.decisions import Decision
from harness.report.index.view import build_index
from harness.report.past import Past, PastPoint
from harness.report.render import render_page
from harness.report.service import Cost
from tests.pipeline import hand_made

HOSTILE = '<script>alert(1)</script>\u202e{{ 7 * 7 }}</style>"'


def past(number: int, verdict: str = "PASS", **values: float) -> Past:
    points = {name: PastPoint(value, value - 0.02, None, verdict) for name, value in values.items()}
    return Past(f"{number:064x}", f"2026-11-{number:02}T10:00:00+00:00", verdict, f"reason {number}", "ad" * 32, points)


def decided() -> Decision:
    found = hand_made.material(hand_made.result([True] * 60), hand_made.result([True] * 60))
    return hand_made.decide(found, hand_made.gate("s.accuracy", "at_least", 0.8))


@pytest.fixture
def decision() -> Decision:
    return decided()


def test_decisions_stand_newest_first_with_the_pages_that_are_there(decision: Decision) -> None:
    older, newer = replace(past(1, "FAIL"), version=3, stage="production"), past(2)
    view = build_index(decision, [older, newer], {newer.id: {"internal": "n.html", "client": "n.client.html"}}, 2)
    first, last = view.decisions.rows
    assert (first[0].text, last[0].text) == (newer.id[:12], older.id[:12])
    assert [(link.text, link.href) for link in first[5].links] == [("internal", "n.html"), ("client", "n.client.html")]
    assert (last[5].links, last[5].text) == ((), "not rendered")
    assert (last[4].text, last[4].note) == ("v3", "production")
    assert last[1].mark is not None
    assert (last[1].mark.word, last[1].mark.tone) == ("FAIL", "fail")
    assert first[0].note == "2\u00a0November 2026, 10:00 UTC"


def test_a_trend_tells_the_last_value_and_its_change(decision: Decision) -> None:
    first, second = (
        past(1, **{"s.accuracy": 0.9, "latency.p95": 1.0}),
        past(2, **{"s.accuracy": 0.88, "latency.p95": 1.5}),
    )
    accuracy, latency = build_index(decision, [first, second], {}, 2).trends.rows
    assert [one.text for one in accuracy[:3]] == ["s.accuracy", "88.0\u00a0%", "−2.0\u00a0points"]
    assert [one.text for one in latency[:3]] == ["latency.p95", "1.50\u00a0s", "+0.50\u00a0s"]


def test_a_cost_is_told_in_its_currency_beside_each_decision_that_has_one(decision: Decision) -> None:
    point = PastPoint(0.006, 0.005, 0.007, "PASS", "EUR")
    first, second = (
        replace(past(number), points={"cost.request": replace(point, value=value)}, cost=cost)
        for number, value, cost in ((1, 0.006, Cost("candidate", 0.006, "EUR")), (2, 0.0055, None))
    )
    view = build_index(decision, [first, second], {}, 2)
    assert [one.text for one in view.decisions.head][-2:] == ["1,000 requests", "Pages"]
    assert [row[5].text for row in view.decisions.rows] == ["—", "6.00\u00a0EUR"]
    assert [one.text for one in view.trends.rows[0][:3]] == ["cost.request", "0.0055\u00a0EUR", "−0.00050\u00a0EUR"]
    assert "1,000 requests" not in [one.text for one in build_index(decision, [past(1)], {}, 1).decisions.head]


def test_a_metric_that_a_decision_lacks_is_not_read_as_zero(decision: Decision) -> None:
    view = build_index(decision, [past(1, **{"s.accuracy": 0.9}), past(2), past(3, **{"s.accuracy": 0.91})], {}, 3)
    [found] = [*view.figures, *view.tables]
    table = getattr(found, "table", found)
    assert [row[1].text for row in table.rows] == ["90.0\u00a0%", "91.0\u00a0%"]


def test_a_verdict_that_is_none_looks_like_no_pass(decision: Decision) -> None:
    view = build_index(decision, [past(1, "PASS ")], {}, 1)
    shown = view.decisions.rows[0][1].mark
    assert shown is not None
    assert (shown.glyph, shown.tone) == ("!", "error")


def test_strangers_texts_stay_texts(decision: Decision) -> None:
    name = f"s.{HOSTILE}"
    points = {name: PastPoint(0.5, None, None, "PASS")}
    hostile = Past("ab" * 32, HOSTILE, HOSTILE, HOSTILE, HOSTILE, points, 1, HOSTILE)
    page = render_page("index.html", build_index(replace(decision, release=HOSTILE), [hostile, hostile], {}, 2))
    assert "<script" not in page
    assert page.count("</style>") == 1
    assert "\u202e" not in page
    assert "49" not in page.split("</style>")[1].split("<svg")[0]
    assert "[U+202E]" in page


def test_nothing_decided_is_said() -> None:
    page = render_page("index.html", build_index(decided(), [], {}, 0))
    assert "None yet." in page
    assert "PASS" not in page


def test_decisions_that_are_left_out_are_counted(decision: Decision) -> None:
    view = build_index(decision, [past(1), past(2)], {}, 52)
    assert view.facts[0].text == "52"
    assert view.decisions.note == "50\u00a0older decisions not shown; `harness status` lists all."
