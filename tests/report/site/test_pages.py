"""Pages of the site from values: whatever names and texts hold, they stay texts, and what is unknown is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.estimates import Comparison, Unestimable
from harness.report.comparing.view import (
    Compared,
    Confusions,
    Fallen,
    MetricDifference,
    Moved,
    PartDifference,
    Side,
    TaskComparison,
)
from harness.report.render import render_page
from harness.report.site.comparison import comparison_page
from harness.report.site.lists import Decided, Promoted, decisions_page, runs_page, versions_page
from harness.report.site.page import SitePage
from harness.report.site.single import decision_page, run_page
from harness.report.site.trouble import trouble_page
from tests.pipeline import hand_made

BAD = '</style></table><script>alert(1)</script><img src=x onerror="a()">\u202e{{ 7 * 191 }}'


def compared(text: str = "x") -> Compared:
    evidence = Comparison(0.9, 0.8, 0.1, 0.02, 0.18, 60, 0.95, text)
    metrics = (
        MetricDifference(text, "rate", evidence, (0.9, 0.8), (text,), (), 59, (0, 0)),
        MetricDifference("bleu", "bleu", Unestimable(text, 0), None, (), (), 60, (0, 0)),
    )
    task = TaskComparison(
        f"s.{text}", 60, metrics, text, (Fallen(text, (0.0, 1.0), text, text, (text, text)),),
        Confusions((Moved(text, None, (0, 2)),), 60, untested=text), (PartDifference(text, text, 9, (0.5, 1.0), None),),
    )  # fmt: skip
    side = Side(text, text, {text: "ab" * 32}, text)
    return Compared(side, side, 0.05, (task,), (text,))


def pages() -> dict[str, SitePage]:
    found = hand_made.material(hand_made.result([True] * 60), hand_made.result([False] * 60))
    decision = hand_made.decide(found, hand_made.gate("s.accuracy", "at_least", 0.8))
    results = tuple(
        replace(one, gate=replace(one.gate, metric=BAD), sentence=BAD, waived=True) for one in decision.results
    )
    run = found["candidate"]["s"].run
    bad_run = replace(
        run, release=BAD, suite=BAD, started=BAD, notes=(BAD,), server={BAD: BAD}, versions={BAD: BAD},
        model=replace(run.model, role=BAD, own={BAD: {BAD: [BAD]}}), adapter_proof=BAD, task_digests={BAD: BAD},
    )  # fmt: skip
    return {
        "decisions": decisions_page(BAD, [Decided(BAD, BAD, BAD, BAD, BAD)], [Decided(BAD, BAD, "PASS", BAD)]),
        "decision": decision_page(replace(decision, release=BAD, reason=BAD, notes=(BAD,), results=results)),
        "runs": runs_page(BAD, [bad_run], 2),
        "run": run_page(bad_run, {BAD: Unestimable(BAD, 0)}, 0.05),
        "versions": versions_page(BAD, [Promoted(1, BAD, BAD, BAD, BAD)]),
        "comparison": comparison_page(BAD, [(BAD, BAD)], (BAD, BAD), compared(BAD)),
        "trouble": trouble_page(BAD, 400, [BAD]),
    }


@pytest.mark.parametrize("name", sorted(pages()))
def test_strangers_texts_stay_texts(name: str) -> None:
    page = render_page("site.html", pages()[name])
    assert "<script" not in page
    assert "<img" not in page
    assert "onerror=&#34;" in page or "onerror" not in page
    assert page.count("</style>") == 1
    assert "1337" not in page
    assert "\u202e" not in page
    assert "alert(1)" in page, "the text itself is shown"


def test_what_was_not_measured_is_said_and_is_no_number() -> None:
    run = hand_made.material(hand_made.result([True] * 60))["candidate"]["s"].run
    page = run_page(run, {"t.accuracy": Unestimable("no samples", 0)}, 0.05)
    [row] = page.sections[0].tables[0].rows
    assert (row[1].text, row[1].note) == ("not measured", "no samples")
    rows = comparison_page("r", [], ("a", "b"), compared()).sections[1].tables[0].rows
    assert [cell.text for cell in rows[1][1:5]] == ["not measured", "not measured", "—", "—"]


def test_a_waived_gate_and_an_advisory_one_are_named() -> None:
    found = hand_made.material(hand_made.result([False] * 60), hand_made.result([True] * 60))
    decision = hand_made.decide(found, hand_made.gate("s.accuracy", "at_least", 0.8))
    waived = replace(decision, results=tuple(replace(one, waived=True) for one in decision.results))
    [row] = decision_page(waived).sections[0].tables[0].rows
    assert (row[1].text, row[1].note) == ("✕ FAIL", "waived")
    assert row[0].note == "gating"


def test_the_sides_that_were_chosen_stay_chosen() -> None:
    page = comparison_page("r", [("v1", "one"), ("base", "two")], ("v1", "base"))
    assert [(one.is_first, one.is_second) for one in page.choices] == [(True, False), (False, True)]
