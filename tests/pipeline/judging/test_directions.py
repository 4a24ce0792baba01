"""A metric of which lower is better, judged: what is lost, waived, refused and said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from harness.core.decisions import Decision
from harness.core.directions import Better
from harness.core.estimates import Comparison
from harness.core.places import Place
from harness.core.policies import Gate, Waiver
from harness.core.runs import TaskResult
from harness.core.verdicts import Verdict
from harness.pipeline.judging.judge import judge
from harness.report.record import from_json, to_json
from harness.store.records import run_from_json, run_to_json
from tests.pipeline.hand_made import CANDIDATE, errors, gate, material, release, result, some, turned

PASS, FAIL, INCONCLUSIVE, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR
LOWER = Better.LOWER


def lower(rule: str, threshold: float = 0.0) -> Gate:
    return replace(gate("s.f1", rule, threshold), better=LOWER)


def decided(candidate: TaskResult, base: TaskResult, *gates: Gate, waivers: tuple[Waiver, ...] = ()) -> Decision:
    asked = replace(release(*gates), waivers=waivers)
    return judge(asked, turned(material(errors(candidate), errors(base))), CANDIDATE, "2026-11-22T10:00:00+00:00")


MIRRORED: Mapping[str, tuple[Gate, Gate]] = {
    "absolute": (gate("s.f1", "at_least", 0.75), lower("at_most", 0.25)),
    "improves": (gate("s.f1", "improves"), lower("improves")),
    "margin": (gate("s.f1", "margin", 0.0625), lower("margin", 0.0625)),
    "win_rate": (
        replace(gate("s.f1", "win_rate", 0.5), against="base"),
        replace(lower("win_rate", 0.5), against="base"),
    ),
}


@pytest.mark.parametrize("rule", MIRRORED)
@pytest.mark.parametrize(("right", "base"), [(190, 130), (130, 190), (150, 150), (200, 200), (0, 200), (200, 0)])
@pytest.mark.parametrize("lost", [0, 2])
def test_errors_get_the_verdict_that_right_answers_would(rule: str, right: int, base: int, lost: int) -> None:
    scores, mirrored = MIRRORED[rule]
    ours, theirs = result(some(right, 200), lost=lost), result(some(base, 200), lost=lost)
    plain = judge(release(scores), material(ours, theirs), CANDIDATE, "2026-11-22")
    found = decided(ours, theirs, mirrored)
    assert found.verdict is plain.verdict
    if isinstance(one := found.results[0].finding.evidence, Comparison):
        other = plain.results[0].finding.evidence
        assert isinstance(other, Comparison)
        assert (one.difference, one.low, one.high) == (other.difference, other.low, other.high)
        assert one.candidate == pytest.approx(1 - other.candidate)


def test_a_candidate_that_failed_everywhere_has_an_error_of_1() -> None:
    """It was PASS with 0.0 %: a failed sample had the best error rate there is."""
    decision = decided(result([False] * 60), result([True] * 60), lower("at_most", 0.1))
    assert decision.verdict is FAIL
    assert "s.f1: 100.0 % on 60 samples" in decision.results[0].sentence


def test_a_lost_sample_counts_as_the_largest_error_of_the_candidate_and_the_least_of_a_baseline() -> None:
    whole = result([True] * 200)
    decision = decided(result([True] * 200, lost=2), whole, lower("margin", 0.1))
    evidence = decision.results[0].finding.evidence
    assert isinstance(evidence, Comparison)
    assert (evidence.candidate, evidence.baseline, evidence.difference) == (0.01, 0.0, -0.01)
    decision = decided(result([False] * 200), result([False] * 200, lost=2), lower("margin", 0.1))
    evidence = decision.results[0].finding.evidence
    assert isinstance(evidence, Comparison)
    assert (evidence.candidate, evidence.baseline, evidence.difference) == (1.0, 0.99, -0.01)


def test_values_are_told_as_they_are_and_the_difference_as_an_improvement() -> None:
    decision = decided(result(some(184, 200)), result(some(140, 200)), lower("improves"), lower("at_most", 0.2))
    compared, alone = decision.results
    assert "candidate 8.0 %, base 30.0 % (lower is better), improvement +22.0 points on 200 pairs" in compared.sentence
    assert "is above zero → PASS" in compared.sentence
    assert "s.f1: 8.0 % on 200 samples; the 95 % upper bound" in alone.sentence
    assert "is below 20.0 % → PASS" in alone.sentence
    worse = decided(result(some(140, 200)), result(some(184, 200)), lower("improves"))
    assert "improvement −22.0 points" in worse.results[0].sentence
    assert "the new model is measurably worse than “base”" in worse.results[0].client_sentence


@pytest.mark.parametrize(
    ("asked", "drop", "outcome"),
    [
        (lower("margin", 0.02), 0.03, "too_narrow"),
        (lower("margin", 0.02), 0.12, "used"),
        (lower("improves"), 0.03, "too_narrow"),
        (lower("improves"), 0.14, "used"),
        (lower("at_most", 0.1), 0.04, "too_narrow"),
        (lower("at_most", 0.1), 0.15, "used"),
    ],
)
def test_a_waiver_accepts_so_many_more_errors(asked: Gate, drop: float, outcome: str) -> None:
    shown = gate("s.accuracy", "at_least", 0.5)
    waiver = Waiver(asked.id, "Ana", "known gap", drop, "2026-12-31", None, None, Place("waivers.yaml", 3))
    decision = decided(result(some(166, 200)), result(some(180, 200)), shown, asked, waivers=(waiver,))
    assert decision.waivers[0].outcome == outcome, decision.waivers[0].sentence


def test_a_decision_and_a_run_name_the_direction_and_old_ones_read_as_higher() -> None:
    decision = decided(result(some(184, 200)), result(some(140, 200)), lower("improves"))
    record = to_json(decision)
    (stored,) = record["results"]  # type: ignore[misc]
    assert stored["gate"]["better"] == "lower"
    assert from_json(record) == decision
    del stored["gate"]["better"]
    assert from_json(record).results[0].gate.better is Better.HIGHER
    run = turned(material(result(some(1, 2))))["candidate"]["s"].run
    kept = run_to_json(run)
    assert run_from_json(kept) == run
    for info in kept["metrics"]["t"]:
        del info["better"]
    assert [info.better for info in run_from_json(kept).metrics["t"]] == [Better.HIGHER] * 3


def test_runs_with_another_direction_are_not_compared() -> None:
    found = turned(material(result(some(150, 200))))
    other = {**found, "base": material(result(some(150, 200)))["base"]}
    decision = judge(release(lower("margin", 0.1)), other, CANDIDATE, "2026-11-22")
    assert decision.verdict is ERROR
    assert "f1 with lower values as the better ones and with higher ones" in decision.results[0].sentence
