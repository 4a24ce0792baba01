from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.runs import MetricInfo
from harness.pipeline.reporting.metrics import metric_numbers
from harness.report.numbers import MetricNumbers
from tests.pipeline.hand_made import EVERY_RULE, METRICS, gate, judged, material, result, some, with_run
from tests.pipeline.reporting.by_hand import NOTHING, POLICY, gated, task, tasks

CANDIDATE, BASE = result(some(180, 200)), result(some(160, 200))
QUALITY = [one for one in EVERY_RULE if one.metric.startswith("s.")]


def by_name(found: tuple[MetricNumbers, ...]) -> dict[str, MetricNumbers]:
    return {one.name: one for one in found}


@pytest.mark.parametrize("asked", QUALITY, ids=lambda asked: asked.id)
def test_without_its_gate_a_metric_comes_to_what_the_gate_finds(asked) -> None:
    decision, _ = gated(CANDIDATE, BASE, asked)
    found = by_name(metric_numbers(task(CANDIDATE, BASE), NOTHING))[asked.metric]
    told = found.against["base"] if asked.against else found.own["candidate"]
    assert told == decision.results[0].finding.evidence


def test_what_gates_found_is_told_as_they_found_it() -> None:
    few = replace(POLICY, resamples=99)
    decision, gates = gated(CANDIDATE, BASE, gate("s.macro_f1", "at_least", 0.5), gate("s.macro_f1", "margin", 0.1))
    found = by_name(metric_numbers(task(CANDIDATE, BASE, few), gates))["s.macro_f1"]
    assert found.own["candidate"] is decision.results[0].finding.evidence
    assert found.against["base"] is decision.results[1].finding.evidence
    assert isinstance(found.own["base"], Estimate)
    assert "99 resamples" in found.own["base"].method


def test_what_a_gate_counts_is_no_value_of_the_metric() -> None:
    decision, gates = gated(CANDIDATE, BASE, gate("s.accuracy", "no_critical_failures", 0.5))
    assert isinstance(decision.results[0].finding.evidence, Estimate)
    found = by_name(metric_numbers(task(CANDIDATE, BASE), gates))["s.accuracy"].own["candidate"]
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(0.9)


def test_lost_samples_count_against_the_candidate_and_for_the_baseline() -> None:
    right = [True] * 200
    found = by_name(metric_numbers(task(result(right, lost=2), result(right, lost=1)), NOTHING))["s.accuracy"]
    values = {role: one.value for role, one in found.own.items() if isinstance(one, Estimate)}
    assert values == {"candidate": pytest.approx(198 / 200), "base": 1.0}
    against = found.against["base"]
    assert isinstance(against, Comparison)
    assert (against.pairs, against.difference) == (200, pytest.approx(-0.01))


def test_a_run_that_lost_too_much_has_no_numbers() -> None:
    found = by_name(metric_numbers(task(result([True] * 200, lost=3), BASE), NOTHING))["s.macro_f1"]
    assert isinstance(found.own["candidate"], Unestimable)
    assert "3 of 200 samples of the candidate were not evaluated" in found.own["candidate"].reason
    assert found.against["base"] == found.own["candidate"]
    assert isinstance(found.own["base"], Estimate)


def test_a_metric_without_any_score_is_not_measured() -> None:
    unscored = replace(CANDIDATE, scores=tuple(one for one in CANDIDATE.scores if one.metric != "f1"))
    found = by_name(metric_numbers(task(unscored, BASE), NOTHING))
    assert isinstance(found["s.f1"].own["candidate"], Unestimable)
    assert isinstance(found["s.accuracy"].own["candidate"], Estimate)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"task_digests": {"t": "other"}}, "versions"),
        ({"metrics": {"t": (MetricInfo("accuracy", "rate", 2), *METRICS[1:])}}, "accuracy in versions 1 and 2"),
    ],
)
def test_a_baseline_that_was_asked_otherwise_is_not_compared(changes: dict[str, object], reason: str) -> None:
    other = tasks(with_run(material(CANDIDATE, BASE), "base", **changes))[0]
    found = by_name(metric_numbers(other, NOTHING))["s.accuracy"]
    assert isinstance(found.against["base"], Unestimable)
    assert reason in found.against["base"].reason
    assert isinstance(found.own["base"], Estimate), "its own number stands"


def test_a_baseline_that_was_not_asked_says_so() -> None:
    runs = {**material(CANDIDATE, BASE), "older": {"elsewhere": judged("older", BASE)}}
    found = by_name(metric_numbers(tasks(runs)[0], NOTHING))["s.accuracy"]
    assert found.own["older"] == Unestimable("the older's run has no samples of s.t")
    assert found.against["older"] == found.own["older"]


def test_where_only_the_spread_is_unknown_the_value_stands() -> None:
    one = result([True])
    found = by_name(metric_numbers(task(one, one), NOTHING))["s.f1"].own["candidate"]
    assert isinstance(found, Estimate)
    assert (found.value, found.low, found.high, found.n) == (1.0, None, None, 1)
    assert found.method.startswith("no interval: ")
