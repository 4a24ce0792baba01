"""What of a decision goes to a tracker: numbers that are known, with their bounds."""

from __future__ import annotations

from dataclasses import replace

from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.events import Event
from harness.pipeline.tracking import numbers, track_decision
from tests.pipeline.hand_made import gate, release
from tests.report import made


def result(evidence: Estimate | Comparison | Unestimable, rule: str = "at_least"):  # type: ignore[no-untyped-def]
    first = made.decision().results[0]
    return replace(first, gate=gate("t.accuracy", rule), finding=replace(first.finding, evidence=evidence))


def test_a_number_goes_with_its_bounds() -> None:
    found = dict(numbers(result(Estimate(0.9, 0.85, None, 0.95, 100, "wilson"))))
    assert found == {"gates/t.accuracy/at_least/value": 0.9, "gates/t.accuracy/at_least/low": 0.85}
    compared = dict(numbers(result(Comparison(0.9, 0.7, 0.2, 0.1, 0.3, 0.95, 100, "paired"), "margin")))
    assert compared["gates/t.accuracy/margin/base/value"] == 0.2
    assert compared["gates/t.accuracy/margin/base/high"] == 0.3


def test_what_is_not_known_is_not_told_as_a_number() -> None:
    assert dict(numbers(result(Unestimable("no samples")))) == {}


def test_a_release_that_tracks_nothing_tells_nothing() -> None:
    events: list[Event] = []
    track_decision(release(), made.decision(), None, events.append)  # type: ignore[arg-type]
    assert events == []
