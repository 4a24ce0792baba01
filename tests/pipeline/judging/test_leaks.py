"""Leaked samples that the policy tolerates: a PASS must hold without them."""

from __future__ import annotations

from dataclasses import replace

from harness.core.decisions import Decision
from harness.core.policies import Gate
from harness.core.runs import TaskResult
from harness.core.verdicts import Verdict
from harness.pipeline.judging.judge import judge
from tests.pipeline.hand_made import CANDIDATE, decide, gate, material, release, result, some

AT_LEAST = gate("s.accuracy", "at_least", 0.8)


def with_leaks(found: TaskResult, count: int, *gates: Gate, allowed: int = 100) -> Decision:
    """Judged where the last `count` samples leaked: with `some`, right ones."""
    asked = release(*gates)
    asked = replace(asked, policy=replace(asked.policy, max_leaked=allowed))
    names = [sample.id for sample in found.samples[len(found.samples) - count :]]
    record = {**CANDIDATE, "leaked": {"s.t": names}} if count else CANDIDATE
    return judge(asked, material(found, result(some(100, 200))), record, "2026-11-22")


def test_a_pass_with_and_without_is_a_pass_and_is_noted() -> None:
    decision = with_leaks(result(some(190, 200)), 5, AT_LEAST)
    assert decision.verdict is Verdict.PASS
    assert [note for note in decision.notes if note.startswith("5 of the samples of s.t stand in the training data")]


def test_a_pass_that_needs_the_leaked_samples_is_none() -> None:
    # 175 of 200 is enough, 75 of 100 is not.
    assert with_leaks(result(some(175, 200)), 0, AT_LEAST).verdict is Verdict.PASS
    decision = with_leaks(result(some(175, 200)), 100, AT_LEAST)
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert "passes only with 100 leaked samples" in decision.results[0].sentence


def test_what_fails_without_them_fails() -> None:
    decision = with_leaks(result(some(180, 200)), 100, gate("s.accuracy", "at_least", 0.85), allowed=100)
    assert decision.verdict is not Verdict.PASS
    assert with_leaks(result(some(150, 200)), 100, gate("s.accuracy", "at_least", 0.8)).verdict is Verdict.FAIL


def test_comparisons_leave_them_out_on_both_sides() -> None:
    # Equal but for the last 20, which only the candidate gets right.
    improves = gate("s.accuracy", "improves")
    candidate = result([True] * 100 + [False] * 80 + [True] * 20)
    asked = replace(release(improves), policy=replace(release(improves).policy, max_leaked=20))
    found = material(candidate, result([True] * 100 + [False] * 100))
    names = [sample.id for sample in candidate.samples[180:]]
    assert judge(asked, found, CANDIDATE, "2026-11-22").verdict is Verdict.PASS
    assert judge(asked, found, {**CANDIDATE, "leaked": {"s.t": names}}, "2026-11-22").verdict is not Verdict.PASS


def test_more_than_the_policy_allows_is_an_error() -> None:
    decision = with_leaks(result(some(199, 200)), 3, AT_LEAST, allowed=2)
    assert decision.verdict is Verdict.ERROR
    assert "3 samples stand in the training data, and policy.max_leaked allows 2" in decision.results[0].sentence


def test_all_samples_leaked_is_an_error_and_never_a_pass() -> None:
    assert with_leaks(result(some(200, 200)), 200, AT_LEAST, allowed=200).verdict is Verdict.ERROR


def test_without_leaks_decisions_keep_their_ids() -> None:
    found = material(result(some(190, 200)), result(some(100, 200)))
    assert with_leaks(result(some(190, 200)), 0, AT_LEAST, allowed=0).id == decide(found, AT_LEAST).id
