"""Judgement on stored runs: what is missing, mixed up or unproven never passes, and the same evidence decides alike."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.verdicts import Role, Verdict
from harness.pipeline.judging.judge import infrastructure_failed, judge
from tests.pipeline.hand_made import (
    CANDIDATE,
    EVERY_RULE,
    WHOLE,
    decide,
    gate,
    judged,
    material,
    release,
    result,
    some,
    verdicts,
    with_run,
)

PASS, FAIL, INCONCLUSIVE, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR


@pytest.mark.parametrize(
    ("asked", "right", "base", "verdict"),
    [
        (gate("s.accuracy", "at_least", 0.8), 180, 0, PASS),
        (gate("s.accuracy", "at_least", 0.8), 140, 0, FAIL),
        (gate("s.accuracy", "at_least", 0.8), 160, 0, INCONCLUSIVE),
        (gate("s.f1", "at_least", 0.8), 180, 0, PASS),
        (gate("s.f1", "at_least", 0.8), 140, 0, FAIL),
        (gate("s.macro_f1", "at_least", 0.8), 180, 0, PASS),
        (gate("s.macro_f1", "at_least", 0.8), 140, 0, FAIL),
        (gate("s.macro_f1", "at_least", 0.8), 160, 0, INCONCLUSIVE),
        (gate("s.accuracy", "margin", 0.05), 170, 170, PASS),
        (gate("s.accuracy", "margin", 0.05), 140, 170, FAIL),
        (gate("s.accuracy", "margin", 0.05), 162, 170, INCONCLUSIVE),
        (gate("s.macro_f1", "margin", 0.05), 170, 170, PASS),
        (gate("s.macro_f1", "margin", 0.05), 140, 170, FAIL),
        (gate("s.accuracy", "improves"), 180, 150, PASS),
        (gate("s.accuracy", "improves"), 150, 180, FAIL),
        (gate("s.f1", "improves"), 160, 160, INCONCLUSIVE),
        (gate("latency.p95", "at_most", 1.6), 200, 0, PASS),
        (gate("latency.p95", "at_most", 0.9), 200, 0, FAIL),
        (gate("latency.p99", "at_most", 1.6), 200, 0, INCONCLUSIVE),
        (gate("errors.rate", "at_most", 0.02), 200, 0, PASS),
        (gate("errors.rate", "at_most", 0.001), 200, 0, INCONCLUSIVE),
    ],
)
def test_every_rule_through_the_whole_judgement(asked, right: int, base: int, verdict: Verdict) -> None:  # type: ignore[no-untyped-def]
    decision = decide(material(result(some(right, 200)), result(some(base, 200))), asked)
    assert (decision.verdict, decision.results[0].verdict) == (verdict, verdict)
    assert decision.results[0].sentence.count(f"→ {verdict}") == 1


@pytest.mark.parametrize("n", [1, 2, 10])
def test_few_perfect_samples_never_pass(n: int) -> None:
    decision = decide(material(result([True] * n), result([False] * n)), *EVERY_RULE)
    assert PASS not in verdicts(decision)
    assert decision.verdict is INCONCLUSIVE


def test_no_samples_never_pass() -> None:
    decision = decide(material(result([])), *EVERY_RULE)
    assert PASS not in verdicts(decision)
    assert decision.verdict is ERROR
    assert "has no samples of s.t" in decision.results[0].sentence


def test_all_errors_never_pass() -> None:
    decision = decide(material(result([True] * 400, lost=400)), *EVERY_RULE)
    assert PASS not in verdicts(decision)
    assert infrastructure_failed(decision)


def test_no_gates_are_an_error() -> None:
    decision = decide(material(result(some(400, 400))))
    assert (decision.verdict, decision.reason) == (ERROR, "no gate has to pass, so nothing was shown.")
    assert not infrastructure_failed(decision)


def test_an_unproven_adapter_holds_every_pass_and_no_fail() -> None:
    gates = gate("s.accuracy", "at_least", 0.5), gate("s.accuracy", "at_least", 0.999, Role.ADVISORY)
    found = material(result(some(180, 200)), proof="not proven: the server gives no prefill log-probabilities")
    held = decide(found, *gates)
    assert [one.verdict for one in held.results] == [INCONCLUSIVE, FAIL]
    assert not any(one.finding.passes for one in held.results)
    assert "adapter not proven: the server gives no" in held.results[0].sentence
    assert held.results[1].finding.reason == ""
    accepted = decide(found, *gates, accept_unproven=True)
    assert accepted.verdict is PASS
    assert any("not proven" in note for note in accepted.notes)


def test_one_unproven_suite_is_enough() -> None:
    two = {"s": judged("candidate", WHOLE), "other": judged("candidate", WHOLE, "not proven: why")}
    extra = replace(release(gate("s.accuracy", "at_least", 0.5)))
    suites = (*extra.suites, replace(extra.suites[0], name="other"))
    decision = judge(replace(extra, suites=suites), {"candidate": two}, CANDIDATE, "")
    assert decision.verdict is INCONCLUSIVE


def test_fail_claims_are_corrected_together_and_passes_are_not() -> None:
    """A p of 0.032 is a FAIL alone; beside another gate it is not, be that gate's verdict PASS or not."""
    found = material(result(some(164, 200)))
    blamed, clear = gate("s.accuracy", "at_least", 0.868), gate("s.f1", "at_least", 0.5)
    assert decide(found, blamed).verdict is FAIL
    assert 0.025 < decide(found, blamed).results[0].finding.p_fail < 0.05  # type: ignore[operator]
    both = decide(found, blamed, clear)
    assert [one.verdict for one in both.results] == [INCONCLUSIVE, PASS]
    assert "not by enough to call it a FAIL" in both.results[0].sentence
    many = decide(found, *(gate("s.accuracy", "at_least", 0.7 + i / 1000) for i in range(20)))
    assert verdicts(many) == {PASS}


def test_the_reason_names_the_gates_that_decide() -> None:
    good, bad, open_ = (gate("s.accuracy", "at_least", share) for share in (0.5, 0.999, 0.94))
    guard = replace(gate("s.f1", "at_least", 0.94), role=Role.GUARDRAIL)
    assert decide(material(WHOLE), good).reason == "the gate that must pass does."
    assert (
        decide(material(WHOLE), good, gate("s.f1", "at_least", 0.5), guard).reason == "all 2 gates that must pass do."
    )
    assert decide(material(WHOLE), open_, guard).reason == "s.accuracy is not shown."
    assert decide(material(WHOLE), bad, guard).reason == "s.accuracy fails."


def test_the_same_evidence_is_the_same_decision_on_another_day_and_line() -> None:
    asked = gate("s.accuracy", "margin", 0.05)
    first = decide(material(WHOLE), asked, decided="2026-11-22")
    moved = decide(material(WHOLE), replace(asked, place=replace(asked.place, line=99)), decided="2027-01-01")
    assert first.id == moved.id
    assert (first.decided, moved.decided) == ("2026-11-22", "2027-01-01")


def test_other_evidence_or_another_rule_is_another_decision() -> None:
    asked = gate("s.accuracy", "margin", 0.05)
    one_worse = result(some(189, 200))
    ids = [
        decide(material(WHOLE), asked).id,
        decide(material(WHOLE, one_worse), asked).id,
        decide(material(one_worse, WHOLE), asked).id,
        decide(material(WHOLE), replace(asked, threshold=0.06)).id,
        decide(material(WHOLE), replace(asked, role=Role.ADVISORY)).id,
        decide(with_run(material(WHOLE), "base", id="rerun"), asked).id,
        judge(release(asked), material(WHOLE), {**CANDIDATE, "trained": True}, "").id,
        judge(release(asked, digest="other"), material(WHOLE), CANDIDATE, "").id,
    ]
    assert len(set(ids)) == len(ids)


ORDER = {FAIL: 0, INCONCLUSIVE: 1, PASS: 2}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=60, max_size=120), st.data())
def test_one_right_answer_more_never_worsens_the_release(rows: list[tuple[bool, bool]], data: st.DataObject) -> None:
    ours, theirs = ([row[side] for row in rows] for side in (0, 1))
    wrong = [i for i, (mine, its) in enumerate(rows) if its and not mine]
    if wrong:
        better = list(ours)
        better[data.draw(st.sampled_from(wrong))] = True
        asked = gate("s.accuracy", "margin", 0.1), gate("s.accuracy", "at_least", 0.4)
        before, after = (decide(material(result(one), result(theirs)), *asked).verdict for one in (ours, better))
        assert ORDER[after] >= ORDER[before]
