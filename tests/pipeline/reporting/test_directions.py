"""An error rate on every page: the same samples are worst, the same parts weak and the same answers better as those of
the share that is right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.directions import Better
from harness.core.estimates import Comparison, Estimate
from harness.core.policies import Policy
from harness.core.runs import MetricInfo, TaskResult
from harness.core.samples import Outcome, Sample
from harness.pipeline.comparing.parts import parts
from harness.pipeline.comparing.samples import AskedPair
from harness.pipeline.judging.comparable import Asked
from harness.pipeline.reporting.changes import changes_of
from harness.pipeline.reporting.failures import failures_of
from harness.pipeline.reporting.metrics import Found, metric_numbers
from harness.pipeline.reporting.task import StoredTask
from harness.report.comparing.view import MetricDifference
from harness.report.comparing.words import metric_text
from harness.report.numbers import Changes, Failures, MetricNumbers
from tests.columns import columns
from tests.pipeline.reporting.stored import answered, known, stored

RIGHT = MetricInfo("accuracy", "mean", 1)
WRONG = replace(RIGHT, better=Better.LOWER)
SAMPLES = [
    Sample(f"s{i:03}", {"text": "x" * i}, ("card", "rate")[i % 2], None, {"language": "de" if i % 4 == 0 else "en"})
    for i in range(80)
]
POLICY = Policy(gates=(), resamples=999, max_not_evaluated=0.02)
SAID = {f"s{i:03}": "rate" for i in range(0, 40, 4)} | {"s003": Outcome.MODEL_FAILED, "s005": Outcome.NOT_EVALUATED}
BASE = {f"s{i:03}": "rate" for i in range(0, 20, 2)}


def errors(found: TaskResult) -> TaskResult:
    """0 where the answer is right, 1 where it is wrong."""
    return replace(found, scores=tuple(
        one if one.value is None else replace(one, value=1.0 - one.value) for one in found.scores
    ))  # fmt: skip


def told(task: StoredTask) -> tuple[Failures, Changes, MetricNumbers]:
    failures, changes = failures_of(task, known(task)), changes_of(task, "base")
    (numbers,) = metric_numbers(task, Found({}, {}))
    assert failures is not None
    assert changes is not None
    return failures, changes, numbers


def test_errors_are_told_as_their_mirror_image(tmp_path: Path) -> None:
    results = {"candidate": answered(SAMPLES, SAID), "base": answered(SAMPLES, BASE)}
    with stored(tmp_path / "right", results, [RIGHT], POLICY) as task:
        failures, changes, numbers = told(task)
    with stored(tmp_path / "wrong", {role: errors(one) for role, one in results.items()}, [WRONG], POLICY) as task:
        found, changed, wrong = told(task)
    assert (found.failing, found.evaluated) == (failures.failing, failures.evaluated)
    assert found.below == 1 - failures.below
    assert [one.id for one in found.worst] == [one.id for one in failures.worst]
    assert [one.said["candidate"].score for one in found.worst] == [1.0] * len(found.worst)
    assert [one.name for one in found.parts] == [one.name for one in failures.parts]
    assert (found.is_failure(1.0), found.is_failure(0.0)) == (failures.is_failure(0.0), failures.is_failure(1.0))
    assert (changed.worse, changed.better, changed.same) == (changes.worse, changes.better, changes.same)
    assert [one.id for one in changed.fallen] == [one.id for one in changes.fallen]
    ours, mirrored = numbers.own["candidate"], wrong.own["candidate"]
    assert isinstance(ours, Estimate)
    assert isinstance(mirrored, Estimate)
    assert mirrored.value == pytest.approx(1 - ours.value)
    assert mirrored.high == pytest.approx(1 - ours.low)  # type: ignore[operator]
    one, other = numbers.against["base"], wrong.against["base"]
    assert isinstance(one, Comparison)
    assert isinstance(other, Comparison)
    assert (other.difference, other.low, other.high) == (one.difference, one.low, one.high)


def test_a_part_that_got_fewer_errors_is_better() -> None:
    ours, theirs = (Asked(columns(errors(answered(SAMPLES, said))), WRONG, "d", {}) for said in ({}, {"s000": "rate"}))
    german = next(one for one in parts(AskedPair(ours, theirs)) if one.part == "language=de")
    assert german.values == (0.0, 1 / 20)
    assert german.difference == pytest.approx(1 / 20)


def test_the_terminal_says_which_metric_reads_the_other_way_round() -> None:
    one = MetricDifference("wer", "mean", Estimate(0, 0, 0, 0.95, 1, ""), None, (), (), 0, (0, 0))
    assert metric_text(one) == "wer"
    assert metric_text(replace(one, better_values=Better.LOWER)) == "wer (lower is better)"
