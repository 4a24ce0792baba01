"""The decisions of a release on the page."""

from __future__ import annotations

from dataclasses import replace

from harness.core.ids import short
from harness.report.internal.history import history_part
from harness.report.material import Material
from tests.report import made
from tests.report.internal.reading import notes, texts


def test_the_newest_decision_stands_first_and_this_one_is_marked() -> None:
    part = history_part(made.material())
    assert part is not None
    rows = texts(part.table)
    assert [row[1] for row in rows] == ["? INCONCLUSIVE", "✓ PASS", "✕ FAIL"]
    assert (rows[0][0], notes(part.table)[0][0]) == (short(made.decision().id), "this one")
    assert (rows[1][3], notes(part.table)[1][3]) == ("v7", "production")
    assert rows[0][3] == "—"


def test_each_metric_with_two_points_has_its_course() -> None:
    part = history_part(made.material())
    assert part is not None
    assert [one.table.caption for one in part.metrics] == [
        f"{name} from decision to decision" for name in ("triage.accuracy", "orders.exact_match")
    ]
    assert [row[1:] for row in texts(part.metrics[0].table)] == [
        ["82.0 %", "77.0 to 86.0 %", "✕ FAIL"],
        ["90.0 %", "86.0 to 93.0 %", "✓ PASS"],
        ["93.0 %", "90.0 to 96.0 %", "✓ PASS"],
    ]


def drawn(material: Material) -> str:
    part = history_part(material)
    assert part is not None
    figure = part.metrics[0].figure
    assert figure is not None
    return figure.picture.wide


def test_points_are_named_by_version_or_day_and_two_of_a_day_by_time() -> None:
    past = made.history()
    svg = drawn(made.material())
    assert all(name in svg for name in ("20 Nov", "v7", "22 Nov"))
    assert "03:21" not in svg
    same = replace(past[0], decided="2026-11-22T01:00:00+00:00")
    svg = drawn(made.material(history=(same, *past[1:])))
    assert all(name in svg for name in ("22 Nov 01:00", "22 Nov 03:21"))


def test_a_metric_judged_once_has_none() -> None:
    part = history_part(made.material(history=made.history()[-1:]))
    assert part is not None
    assert part.metrics == ()


def test_without_decisions_there_is_no_history() -> None:
    assert history_part(made.material(history=())) is None


def test_an_odd_verdict_or_date_of_an_older_store_is_shown_as_it_is() -> None:
    odd = replace(made.history()[0], verdict="MAYBE", decided="yesterday")
    part = history_part(made.material(history=(odd, *made.history()[1:])))
    assert part is not None
    assert texts(part.table)[-1][1:3] == ["MAYBE", "yesterday"]
