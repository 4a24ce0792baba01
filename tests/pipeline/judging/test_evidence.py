"""What the gates are judged on: no sample is forgotten, and runs that ask something else are not compared."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from harness.core.runs import MetricInfo, Model, TaskResult
from harness.core.samples import Answer, Outcome
from harness.core.verdicts import Verdict
from harness.pipeline.judging.judge import infrastructure_failed
from tests.pipeline.hand_made import (
    EVERY_RULE,
    METRICS,
    WHOLE,
    decide,
    gate,
    material,
    result,
    some,
    verdicts,
    with_run,
)

PASS, FAIL, INCONCLUSIVE, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR


def test_a_sample_lost_by_the_candidate_counts_as_wrong_and_by_the_baseline_as_right() -> None:
    gates = [gate(f"s.{metric}", "improves") for metric in ("accuracy", "f1", "macro_f1")]
    found = decide(material(result([True] * 200, lost=2), result([True] * 200)), *gates)
    assert [one.finding.evidence.difference < -0.004 for one in found.results] == [True] * 3  # type: ignore[union-attr]
    found = decide(material(result([True] * 200), result([False] * 200, lost=2)), *gates[:2])
    assert [one.finding.evidence.baseline for one in found.results] == [0.01] * 2  # type: ignore[union-attr]


@pytest.mark.parametrize("role", ["candidate", "base"])
@pytest.mark.parametrize("metric", ["s.accuracy", "s.f1", "s.macro_f1"])
def test_more_than_one_percent_lost_is_no_evidence_and_not_the_models_fault(role: str, metric: str) -> None:
    whole = result([True] * 200)
    for lost, verdict in ((2, PASS), (3, ERROR)):
        hurt = result([True] * 200, lost=lost)
        found = material(hurt, whole) if role == "candidate" else material(whole, hurt)
        decision = decide(found, gate(metric, "margin", 0.2))
        assert decision.verdict is verdict
        assert infrastructure_failed(decision) == (verdict is ERROR)
    assert f"3 of 200 samples of the {role} were not evaluated (1 % are allowed)" in decision.results[0].sentence


def test_a_lost_request_took_for_ever() -> None:
    kept = result([True] * 100)
    slow = tuple(replace(output, error="timeout") if i < 10 else output for i, output in enumerate(kept.outputs))
    decision = decide(material(replace(kept, outputs=slow)), gate("latency.p95", "at_most", 1000.0))
    assert decision.verdict is INCONCLUSIVE
    assert "requests that failed" in decision.results[0].sentence


def _without_answers(found: TaskResult) -> TaskResult:
    return replace(found, answers=found.answers[:-50], scores=tuple(s for s in found.scores if s.sample_id < "s0150"))


def _without_scores(found: TaskResult) -> TaskResult:
    return replace(found, scores=found.scores[:-100])


def _nan_scores(found: TaskResult) -> TaskResult:
    return replace(found, scores=tuple(replace(score, value=math.nan) for score in found.scores))


@pytest.mark.parametrize("spoil", [_without_answers, _without_scores, _nan_scores])
def test_samples_without_answer_or_score_are_lost_and_not_forgotten(spoil) -> None:  # type: ignore[no-untyped-def]
    spoilt = spoil(result([True] * 200))
    metrics = ["s.accuracy", "s.f1", *(["s.macro_f1"] if spoil is _without_answers else [])]
    for found in (material(spoilt, result([True] * 200)), material(result([True] * 200), spoilt)):
        decision = decide(found, *(gate(metric, "margin", 0.5) for metric in metrics))
        assert verdicts(decision) == {ERROR}


def test_answers_are_told_by_their_sample_and_not_by_their_place() -> None:
    straight = result(some(170, 200))
    shuffled = replace(straight, answers=straight.answers[::-1], scores=straight.scores[::-1])
    gates = [gate(f"s.{metric}", "at_least", 0.7) for metric in ("accuracy", "f1", "macro_f1")]
    assert decide(material(straight), *gates).results == decide(material(shuffled), *gates).results


def test_an_unreadable_answer_is_no_class_even_where_a_class_is_called_none() -> None:
    classes = ("None", "yes")
    found = result([True] * 200)
    samples = tuple(replace(s, target="None" if s.target == "no" else "yes") for s in found.samples)
    answers = tuple(Answer(s.id, Outcome.MODEL_FAILED, reason="unreadable") for s in samples)
    spoilt = replace(found, samples=samples, answers=answers)
    infos = {"t": (*METRICS[:2], MetricInfo("macro_f1", "macro_f1", 1, classes))}
    made = with_run(material(spoilt), "candidate", metrics=infos)
    evidence = decide(made, gate("s.macro_f1", "at_least", 0.1)).results[0].finding.evidence
    assert evidence.value == 0.0  # type: ignore[union-attr]


def test_two_samples_with_one_id_are_no_evidence() -> None:
    found = result([True] * 200)
    doubled = replace(found, samples=(*found.samples[:-1], found.samples[0]))
    assert decide(material(doubled), gate("s.accuracy", "at_least", 0.1)).verdict is ERROR


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (result(some(190, 199)), "other samples (200 and 199; s0199 of 1 only here)"),
        (replace(WHOLE, samples=WHOLE.samples[::-1]), "other samples (200 and 200; in another order)"),
        (
            replace(WHOLE, samples=tuple(replace(s, target="yes") for s in WHOLE.samples)),
            'other targets (100 samples; s0000: "no" and "yes")',
        ),
        (result(some(190, 200), group=4), "other groups (200 samples; s0000: none and g0)"),
    ],
)
def test_runs_that_asked_something_else_are_not_compared(other: TaskResult, reason: str) -> None:
    decision = decide(material(WHOLE, other), gate("s.accuracy", "improves"), gate("s.accuracy", "at_least", 0.5))
    assert [found.verdict for found in decision.results] == [ERROR, PASS]
    assert f"candidate and base can't be compared: {reason}" in decision.results[0].sentence
    assert decision.verdict is ERROR
    assert not infrastructure_failed(decision)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"metrics": {"t": (replace(METRICS[0], version=2), *METRICS[1:])}}, "accuracy in versions 1 and 2"),
        ({"metrics": {"t": (replace(METRICS[0], classes=("a",)), *METRICS[1:])}}, "other classes for accuracy"),
        ({"metrics": {"t": (replace(METRICS[0], aggregate="mean"), *METRICS[1:])}}, "aggregated otherwise"),
        ({"task_digests": {"t": "of another prompt"}}, "versions task and of another p of the task"),
        ({"metrics": {"t": METRICS[1:]}}, "did not measure accuracy"),
        ({"model": Model("base", "other")}, "against the base was made with another model"),
        ({"model": Model("base", "b", "a")}, "against the base was made with another model"),
        ({"suite_digest": "old"}, "against the base was made with another version of the suite"),
    ],
)
def test_runs_made_otherwise_are_not_compared(changes: dict[str, object], reason: str) -> None:
    decision = decide(with_run(material(WHOLE), "base", **changes), gate("s.accuracy", "margin", 0.5))
    assert decision.verdict is ERROR
    assert reason in decision.results[0].sentence


@pytest.mark.parametrize(
    "model", [Model("candidate", "b", None), Model("candidate", "b", "x"), Model("candidate", "x", "a")]
)
def test_a_run_of_another_model_is_never_the_candidates(model: Model) -> None:
    decision = decide(with_run(material(WHOLE), "candidate", model=model), *EVERY_RULE)
    assert verdicts(decision) == {ERROR}
    assert "the run of s against the candidate was made with another model" in decision.results[0].sentence


@pytest.mark.parametrize("role", ["candidate", "base"])
def test_a_run_that_is_not_there_is_an_error(role: str) -> None:
    decision = decide({**material(WHOLE), role: {}}, gate("s.accuracy", "improves"))
    assert decision.verdict is ERROR
    assert f"the {role}'s run has no samples" in decision.results[0].sentence


def test_groups_make_the_same_scores_prove_less() -> None:
    asked = gate("s.accuracy", "at_least", 0.5)
    alone, grouped = (decide(material(result(some(190, 200), group=size)), asked) for size in (0, 5))
    assert grouped.results[0].finding.evidence.low < alone.results[0].finding.evidence.low  # type: ignore[union-attr, operator]
    assert decide(material(result([True] * 200, group=20)), asked).verdict is INCONCLUSIVE


def test_a_request_without_a_time_took_for_ever_too() -> None:
    timeless = tuple(replace(output, latency=None) for output in WHOLE.outputs)
    decision = decide(material(replace(WHOLE, outputs=timeless)), gate("latency.p50", "at_most", 1000.0))
    assert decision.verdict is INCONCLUSIVE


def test_without_a_measured_phase_there_is_no_latency_to_judge() -> None:
    found = material(WHOLE)
    del found["candidate"]["measured"]  # type: ignore[attr-defined]
    decision = decide(found, gate("latency.p50", "at_most", 1000.0))
    assert decision.verdict is ERROR
    assert "not measured" in decision.results[0].sentence
    assert not infrastructure_failed(decision)


def test_runs_that_asked_unlike_often_are_not_compared() -> None:
    def again(rows: tuple[object, ...]) -> tuple[object, ...]:
        return (*rows, *(replace(row, repeat=1) for row in rows))  # type: ignore[type-var]

    twice = replace(WHOLE, outputs=again(WHOLE.outputs), answers=again(WHOLE.answers), scores=again(WHOLE.scores))
    decision = decide(material(twice, WHOLE), gate("s.accuracy", "margin", 0.5))
    assert decision.verdict is ERROR
    assert "each sample asked 2 and 1 times" in decision.results[0].sentence


@pytest.mark.parametrize("role", ["candidate", "base"])
def test_answers_that_a_metric_could_not_score_are_no_evidence_and_no_lost_requests(role: str) -> None:
    """They never leave the denominator: a few count as wrong (of a baseline as right), many make an ERROR."""
    whole = result([True] * 200)
    for unscored, verdict in ((2, PASS), (3, ERROR)):
        gone = {f"s{i:04}" for i in range(unscored)}
        scores = tuple(replace(score, value=None) if score.sample_id in gone else score for score in whole.scores)
        hurt = replace(whole, scores=scores)
        found = material(hurt, whole) if role == "candidate" else material(whole, hurt)
        decision = decide(found, gate("s.f1", "margin", 0.2))
        assert decision.verdict is verdict
        assert not infrastructure_failed(decision)
    assert f"3 of 200 answers of the {role} have no f1 (1 % are allowed)" in decision.results[0].sentence
