from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.decisions import Decision
from harness.core.policies import Policy
from harness.core.runs import MetricInfo, TaskResult
from harness.core.samples import Answer, Outcome, Sample
from harness.core.verdicts import Verdict
from harness.pipeline.reporting.suites import suite_numbers, task_numbers
from harness.report.numbers import Lengths, SuiteNumbers, Unscored
from tests.pipeline.reporting.stored import ACCURACY, answered, stored

DECISION = Decision("", "shop", Verdict.PASS, "", (), {}, {}, {}, (), "2026-11-22")
POLICY = Policy((), resamples=999, max_not_evaluated=0.5)
SAMPLES = [
    Sample(f"s{i:02}", {"text": "x" * (i + 1)}, ("no", "yes")[i % 2], f"g{i // 2}" if i < 4 else None)
    for i in range(20)
]


def numbers(folder: Path, ours: TaskResult, *infos: MetricInfo) -> SuiteNumbers:
    """The suite as the report tells it, beside a base model that was always right."""
    base = answered(SAMPLES, {})
    with stored(folder, {"candidate": ours, "base": base}, infos or [ACCURACY], POLICY) as task:
        return suite_numbers(task.connection, DECISION, task.material, POLICY)[0]


def test_a_task_is_told_whole(tmp_path: Path) -> None:
    found = numbers(tmp_path, answered(SAMPLES, {"s01": "no", "s03": "no"}))
    [task] = found.tasks
    assert (found.name, task.key, task.samples, task.groups, task.repeats) == ("s", "s.t", 20, 2, 1)
    assert (task.main, task.flip_rate, found.unscored) == ("accuracy", None, ())
    assert [one.name for one in task.metrics] == ["s.accuracy"], "gates call it so where a suite has one task"
    assert [(one.baseline, one.worse, one.better) for one in task.changes] == [("base", 2, 0)]
    assert task.failures is not None
    assert (task.failures.failing, task.failures.evaluated) == (2, 20)
    assert task.lengths == Lengths(1, 10, 19, 20)
    assert (task.classes, task.confusion, task.fields, task.robustness) == ((), None, (), None)


def test_reasons_are_counted_the_commonest_first_and_the_rest_in_one(tmp_path: Path) -> None:
    made = answered(SAMPLES, {f"s{i:02}": Outcome.MODEL_FAILED for i in range(10)})
    answers = [replace(one, reason=f"reason {max(0, i - 3)}") if i < 10 else one for i, one in enumerate(made.answers)]
    found = numbers(tmp_path, replace(made, answers=tuple(answers))).unscored
    failed = Outcome.MODEL_FAILED
    assert found == (
        Unscored(failed, "reason 0", 4), *(Unscored(failed, f"reason {i}", 1) for i in range(1, 5)),
        Unscored(failed, "2 other reasons", 2),
    )  # fmt: skip


def test_the_flip_rate_counts_samples_whose_repeats_ended_differently(tmp_path: Path) -> None:
    once, again = answered(SAMPLES, {}), answered(SAMPLES, {"s00": "yes", "s01": Outcome.MODEL_FAILED})
    twice = TaskResult(
        "t",
        once.samples,
        tuple(replace(one, repeat=i) for both in zip(once.outputs, again.outputs, strict=True)
              for i, one in enumerate(both)),
        tuple(replace(one, repeat=i) for both in zip(once.answers, again.answers, strict=True)
              for i, one in enumerate(both)),
        tuple(replace(one, repeat=i) for both in zip(once.scores, again.scores, strict=True)
              for i, one in enumerate(both)),
    )  # fmt: skip
    with stored(tmp_path, {"candidate": twice}, [ACCURACY], POLICY) as task:
        found = task_numbers(task, DECISION)
    assert found.repeats == 2
    assert found.flip_rate == twice.flip_rate == pytest.approx(2 / 20)


def test_a_candidate_without_runs_has_no_suites(tmp_path: Path) -> None:
    with stored(tmp_path, {"candidate": answered(SAMPLES, {})}, [ACCURACY]) as task:
        assert suite_numbers(task.connection, DECISION, {"base": task.material["candidate"]}, POLICY) == ()


def test_lost_samples_are_reasons_too(tmp_path: Path) -> None:
    made = answered(SAMPLES, {"s00": Outcome.NOT_EVALUATED})
    lost = Answer("s00", Outcome.NOT_EVALUATED, reason="connection reset")
    assert made.answers[0] == lost
    assert numbers(tmp_path, made).unscored == (Unscored(Outcome.NOT_EVALUATED, "connection reset", 1),)


def test_answers_that_a_metric_could_not_score_are_told_with_its_reason(tmp_path: Path) -> None:
    made = answered(SAMPLES, {"s01": "no"})
    scores = [
        replace(one, value=None, reason="an unknown script") if one.sample_id in ("s04", "s05") else one
        for one in made.scores
    ]
    found = numbers(tmp_path, replace(made, scores=tuple(scores))).unscored
    assert found == (Unscored(Outcome.SCORED, "accuracy: an unknown script", 2),)
