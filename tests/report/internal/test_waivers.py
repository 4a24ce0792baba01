"""The waivers on the page."""

from __future__ import annotations

from dataclasses import replace

from harness.core.decisions import WaiverUse
from harness.core.policies import Waiver
from harness.report.internal.view import build_internal
from harness.report.internal.waivers import waivers_table
from harness.report.render import render_page
from tests.report import made


def use(**changes: object) -> WaiverUse:
    gate = made.gates()[2].gate
    waiver = Waiver(gate.id, "Ana", "known gap", 0.1, "2026-12-31", None, None, gate.place)
    return replace(WaiverUse(waiver, "too_narrow", "It is too narrow."), **changes)  # type: ignore[arg-type]


def test_each_waiver_is_a_row() -> None:
    table = waivers_table(replace(made.decision(), waivers=(use(), use(outcome="expired"))))
    assert table is not None
    first, second = table.rows
    assert [cell.text for cell in first] == [use().waiver.gate, "too narrow", "Ana", "known gap", "It is too narrow."]
    assert second[1].text == "expired"
    assert first[2].note == "until 2026-12-31"


def test_without_waivers_the_page_says_nothing_of_them() -> None:
    assert waivers_table(made.decision()) is None
    assert "Waivers" not in render_page("internal.html", build_internal(made.material()))


def test_the_page_shows_them_and_trusts_nothing_in_them() -> None:
    hostile = use(waiver=replace(use().waiver, owner=made.HOSTILE, reason=made.HOSTILE), sentence=made.HOSTILE)
    waived = tuple(replace(one, waived=True) for one in made.gates())
    decision = replace(made.decision(results=waived), waivers=(hostile,))
    page = render_page("internal.html", build_internal(made.material(decision=decision)))
    assert "<caption>Waivers</caption>" in page
    assert "<small>waived</small>" in page
    assert "<script>alert" not in page
    assert "\u202e" not in page
