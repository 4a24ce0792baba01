"""A waiver covers a drop that is shown to be no larger than was accepted; nothing else, and never silently."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.decisions import Decision
from harness.core.places import Place
from harness.core.policies import Gate, Waiver
from harness.core.verdicts import Role, Verdict
from harness.pipeline.judging.judge import decision_id, judge
from harness.pipeline.judging.waive import expired_since
from tests.pipeline.hand_made import (
    CANDIDATE,
    WHOLE,
    decide,
    gate,
    material,
    release,
    result,
    some,
)

PASS, FAIL, INCONCLUSIVE, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR
TODAY = "2026-11-22T10:00:00+00:00"
SHOWN = gate("s.f1", "at_least", 0.5)  # a gate that passes, so that something is shown


def waiver(asked: Gate, drop: float = 0.04, **changes: object) -> Waiver:
    usual = Waiver(asked.id, "Ana", "known gap", drop, "2026-12-31", None, None, Place("waivers.yaml", 3))
    return replace(usual, **changes)  # type: ignore[arg-type]


def decided(*waivers: Waiver, right: int = 170, base: int = 170, gates: tuple[Gate, ...], n: int = 200) -> Decision:
    found = material(result(some(right, n)), result(some(base, n)))
    return judge(replace(release(*gates), waivers=waivers), found, CANDIDATE, TODAY)


MARGIN, IMPROVES = gate("s.accuracy", "margin", 0.02), gate("s.accuracy", "improves")
AT_LEAST, AT_MOST = gate("s.accuracy", "at_least", 0.9), gate("latency.p95", "at_most", 1.3)


@pytest.mark.parametrize(
    ("asked", "right", "narrow", "wide", "said"),
    [
        (MARGIN, 160, 0.055, 0.075, "the waiver accepts a drop of 5.5 points, and 6."),
        (IMPROVES, 168, 0.015, 0.035, "the waiver accepts a drop of 1.5 points, and 3.0 points"),
        (AT_LEAST, 170, 0.09, 0.10, "the waiver accepts a drop of 9.0 points, and 9."),
        (AT_MOST, 170, 0.05, 0.2, "the waiver accepts a drop of 0.05 s, and 0.10 s can't be ruled out"),
    ],
)
def test_the_confidence_bound_has_to_clear_the_wider_bound(
    asked: Gate, right: int, narrow: float, wide: float, said: str
) -> None:
    for drop, outcome, verdict in ((narrow, "too_narrow", None), (wide, "used", PASS)):
        decision = decided(waiver(asked, drop), right=right, gates=(SHOWN, asked))
        use, found = decision.waivers[0], decision.results[1]
        assert (use.outcome, found.waived) == (outcome, outcome == "used"), use.sentence
        assert found.verdict in (FAIL, INCONCLUSIVE)
        assert decision.verdict is (verdict or found.verdict)
        assert (said in use.sentence) == (outcome == "too_narrow"), use.sentence
    same = decided(gates=(SHOWN, asked), right=right)
    assert decision.results[1].sentence == same.results[1].sentence, "the verdict and its sentence stay as they are"


def test_the_point_alone_covers_nothing() -> None:
    """8 points are missing at the point, the bound is further off."""
    decision = decided(waiver(AT_LEAST, 0.08), right=170, gates=(SHOWN, AT_LEAST))
    assert decision.results[1].finding.evidence.value == pytest.approx(0.85)  # type: ignore[union-attr]
    assert decision.waivers[0].outcome == "too_narrow"


def test_the_line_that_a_decision_ends_with_names_who_waived_what() -> None:
    decision = decided(waiver(AT_LEAST, 0.2), right=170, gates=(SHOWN, AT_LEAST))
    assert decision.reason == (
        "all 2 gates that must pass do, 1 by a waiver: s.accuracy:at_least (owner Ana, until 2026-12-31)."
    )
    assert decision.results[1].client_sentence.endswith("Ana accepts this until 2026-12-31.")
    assert "not released" not in decision.results[1].client_sentence
    worse = decided(waiver(AT_LEAST, 0.2), right=170, gates=(gate("s.f1", "at_least", 0.95), AT_LEAST))
    assert worse.verdict is FAIL
    assert worse.reason == "s.f1 fails; waived: s.accuracy:at_least (owner Ana, until 2026-12-31)."


def test_waivers_alone_show_nothing() -> None:
    decision = decided(waiver(AT_LEAST, 0.2), right=170, gates=(AT_LEAST,))
    assert decision.results[0].waived
    assert decision.verdict is INCONCLUSIVE
    assert decision.reason.startswith("every gate that must pass is waived, so nothing was shown; waived: s.accuracy")


def test_a_guardrail_can_be_waived_and_is_no_evidence() -> None:
    guard = gate("s.accuracy", "at_least", 0.95, Role.GUARDRAIL)
    assert decided(gates=(SHOWN, guard), right=170).verdict is FAIL
    decision = decided(waiver(guard, 0.2), right=170, gates=(SHOWN, guard))
    assert decision.verdict is PASS
    assert decision.reason.startswith("the gate that must pass does; waived: s.accuracy:at_least")
    assert decided(waiver(guard, 0.2), right=170, gates=(guard,)).verdict is ERROR
    open_one = gate("s.accuracy", "at_least", 0.86, Role.GUARDRAIL)
    assert decided(waiver(open_one, 0.2), right=170, gates=(SHOWN, open_one)).waivers[0].outcome == "unused"


@pytest.mark.parametrize(
    ("changes", "outcome", "said"),
    [
        ({"expires": "2026-11-22"}, "used", "known gap"),
        ({"expires": "2026-11-21"}, "expired", "has expired, so it changes nothing"),
        ({"release": "shop"}, "used", "known gap"),
        ({"release": "other"}, "elsewhere", "for the release other"),
        ({"adapter": "a"}, "used", "known gap"),
        ({"adapter": "ab"}, "elsewhere", "for the adapter ab"),
        ({"gate": "s.accuracy:at_leest"}, "elsewhere", "no such gate"),
        ({"gate": SHOWN.id}, "unused", "passes, so nothing had to be waived"),
    ],
)
def test_what_becomes_of_a_waiver_is_told(changes: dict[str, object], outcome: str, said: str) -> None:
    decision = decided(waiver(AT_LEAST, 0.2, **changes), right=170, gates=(SHOWN, AT_LEAST))
    assert decision.waivers[0].outcome == outcome
    assert said in decision.waivers[0].sentence
    assert decision.verdict is (PASS if outcome == "used" else FAIL)


@pytest.mark.parametrize("role", [Role.CRITICAL, Role.ADVISORY])
def test_no_waiver_is_for_a_critical_or_an_advisory_gate(role: Role) -> None:
    asked = gate("s.accuracy", "at_least", 0.9, role)
    decision = decided(waiver(asked, 0.2), right=170, gates=(SHOWN, asked))
    assert not decision.results[1].waived
    assert "waive" in decision.waivers[0].sentence


def test_weak_evidence_and_errors_cannot_be_waived() -> None:
    few = decided(waiver(AT_LEAST, 0.8), right=20, base=20, n=20, gates=(gate("errors.rate", "at_most", 0.9), AT_LEAST))
    assert few.results[1].verdict is INCONCLUSIVE
    assert not few.results[1].waived
    assert "too few" in few.waivers[0].sentence
    lost = judge(
        replace(release(AT_LEAST), waivers=(waiver(AT_LEAST, 0.8),)), material(result([True] * 40, lost=40)),
        CANDIDATE, TODAY,
    )  # fmt: skip
    assert lost.verdict is ERROR
    assert "could not be judged" in lost.waivers[0].sentence


def test_an_unproven_adapter_cannot_be_waived() -> None:
    found = material(result(some(170, 200)), proof="not proven")
    decision = judge(replace(release(SHOWN, AT_LEAST), waivers=(waiver(AT_LEAST, 0.2),)), found, CANDIDATE, TODAY)
    assert [one.waived for one in decision.results] == [False, False]
    assert decision.verdict is not PASS
    assert "not proven" in decision.waivers[0].sentence


def test_waivers_are_part_of_what_a_decision_rests_on() -> None:
    plain = decided(right=170, gates=(SHOWN, AT_LEAST))
    assert "waivers" not in plain.digests
    first, moved, longer = (
        decided(waiver(AT_LEAST, 0.2, **changes), right=170, gates=(SHOWN, AT_LEAST))
        for changes in ({}, {"place": Place("waivers.yaml", 9)}, {"expires": "2027-01-31"})
    )
    assert first.id == moved.id == decision_id(first)
    assert len({plain.id, first.id, longer.id}) == 3
    assert first.digests["waivers"] == moved.digests["waivers"] != longer.digests["waivers"]


def test_a_decision_outlives_none_of_the_waivers_that_it_rests_on() -> None:
    used = decided(waiver(AT_LEAST, 0.2), waiver(SHOWN), right=170, gates=(SHOWN, AT_LEAST))
    assert expired_since(used, "2026-12-31T23:59:59+00:00") == ()
    assert [one.gate for one in expired_since(used, "2027-01-01T00:00:00+00:00")] == [AT_LEAST.id]


def test_without_waivers_nothing_changes() -> None:
    assert decide(material(WHOLE), SHOWN).waivers == ()
