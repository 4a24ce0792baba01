"""The measured phase in numbers: a failure is told, never timed, and a gate's own evidence is what is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.estimates import Estimate, Unestimable
from harness.pipeline.judging.evidence import Judged
from harness.pipeline.reporting.speed import MOST_TIMES, speed
from harness.report.service import Speed
from tests.columns import columns
from tests.pipeline.hand_made import decide, gate, judged, material, result, some

GATES = (gate("s.accuracy", "at_least", 0.5), gate("latency.p95", "at_most", 5.0), gate("errors.rate", "at_most", 0.5))
FIGURES = {"candidate.requests_per_second": 4.0, "candidate.tokens_per_second": 9.5, "base.requests_per_second": 2.0}


def measured(n: int = 200, lost: int = 0) -> Judged:
    """The two models in one phase; the candidate lost some."""
    one = judged("candidate", result(some(n, n)))
    tasks = {
        role: columns(replace(result(some(n, n), lost=gone), task=role))
        for role, gone in (("candidate", lost), ("base", 0))
    }
    return Judged(replace(one.run, suite="measured", figures=FIGURES), tasks)


def found(n: int = 200, lost: int = 0) -> tuple[Speed, ...]:
    return speed(measured(n, lost), decide(material(result(some(190, 200))), GATES[0]), 0.05)


def test_each_model_with_its_own_numbers() -> None:
    ours, theirs = found(lost=8)
    assert (ours.role, ours.requests, ours.failed) == ("candidate", 200, 8)
    assert (theirs.role, theirs.requests, theirs.failed) == ("base", 200, 0)
    assert (ours.requests_per_second, ours.tokens_per_second) == (4.0, 9.5)
    assert (theirs.requests_per_second, theirs.tokens_per_second) == (2.0, None)
    assert isinstance(ours.failure_rate, Estimate)
    assert ours.failure_rate.value == 0.04
    assert list(ours.quantiles) == ["p50", "p95", "p99"]


def test_times_are_those_of_answers_ascending() -> None:
    ours = found(n=40, lost=10)[0]
    assert len(ours.times) == 30
    assert list(ours.times) == sorted(ours.times)
    assert (ours.times[0], ours.times[-1]) == (0.5, 1.4)


def test_a_failed_request_took_for_ever() -> None:
    ours = found(n=200, lost=8)[0]
    assert isinstance(ours.quantiles["p95"], Estimate)
    assert isinstance(ours.quantiles["p99"], Unestimable)  # four in a hundred never came


def test_of_many_times_evenly_some_with_both_ends() -> None:
    ours = found(n=5_001)[0]
    assert ours.requests == 5_001
    assert len(ours.times) == MOST_TIMES
    assert (ours.times[0], ours.times[-1]) == (0.5, 1.4)
    assert sum(ours.times) / len(ours.times) == pytest.approx(0.95, abs=0.005)


def test_what_a_gate_found_is_shown_as_it_found_it() -> None:
    stored = material(result(some(190, 200)))
    decision = decide(stored, *GATES)
    evidence = {one.gate.metric: one.finding.evidence for one in decision.results}
    other_alpha = speed(stored["candidate"]["measured"], decision, 0.2)[0]
    assert other_alpha.quantiles["p95"] == evidence["latency.p95"]
    assert other_alpha.failure_rate == evidence["errors.rate"]
    assert other_alpha.quantiles["p50"] != speed(stored["candidate"]["measured"], decision, 0.05)[0].quantiles["p50"]
    assert speed(stored["candidate"]["measured"], decision, 0.05)[0].quantiles["p95"] == evidence["latency.p95"]


def test_a_gate_tells_of_the_candidate_alone() -> None:
    decision = decide(material(result(some(190, 200))), *GATES)
    ours, theirs = speed(measured(n=100), decision, 0.2)
    assert ours.quantiles["p95"] == decision.results[1].finding.evidence
    assert isinstance(theirs.quantiles["p95"], Estimate)
    assert (theirs.quantiles["p95"].n, theirs.quantiles["p95"].level) == (100, 0.8)


def test_without_a_measured_phase_there_is_no_speed() -> None:
    assert speed(None, decide(material(result(some(190, 200))), GATES[0]), 0.05) == ()


def test_nothing_asked_is_no_zero() -> None:
    ours = found(n=0)[0]
    assert isinstance(ours.failure_rate, Unestimable)
    assert all(isinstance(one, Unestimable) for one in ours.quantiles.values())
    assert ours.times == ()
