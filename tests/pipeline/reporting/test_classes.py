from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.estimates import Estimate, Unestimable
from harness.core.policies import Subset
from harness.core.runs import MetricInfo, TaskResult
from harness.core.samples import Answer, Outcome, Sample
from harness.pipeline.reporting.classes import class_numbers
from harness.pipeline.reporting.suites import stored_tasks
from harness.store.columns import task_columns
from tests.pipeline.hand_made import gate, result
from tests.pipeline.reporting.by_hand import NOTHING, POLICY, asked_twice, gated, task
from tests.pipeline.reporting.stored import answered, stored

# Of 200, "no" and "yes" by turns: 40 wrong, 2 of them lost; the first of the rest is no label.
MADE = result([i >= 40 for i in range(200)], lost=2)
FAILED = replace(
    MADE,
    answers=(*MADE.answers[:2], Answer("s0002", Outcome.MODEL_FAILED, reason="none of the labels"), *MADE.answers[3:]),
)


def test_classes_are_counted_by_hand() -> None:
    classes, confusion = class_numbers(task(FAILED), NOTHING)
    assert [(one.name, one.targets, one.answers, one.right) for one in classes] == [
        ("no", 100, 80 + 19, 80),
        ("yes", 100, 80 + 18, 80),
    ]
    assert confusion is not None
    assert confusion.classes == ("no", "yes")
    assert confusion.counts == {
        ("no", "no"): 80, ("no", "yes"): 18, ("no", None): 1, ("yes", "yes"): 80, ("yes", "no"): 19,
    }  # fmt: skip
    f1 = classes[0].f1
    assert isinstance(f1, Estimate)
    assert f1.value == pytest.approx(2 * 80 / (100 + 99))


@pytest.mark.parametrize("group", [0, 5])
def test_the_f1_of_a_class_is_what_a_gate_finds(group: int) -> None:
    made = result([i % 6 != 0 for i in range(300)], lost=1, group=group)
    asked = replace(gate("s.macro_f1", "at_least", 0.5), subset=Subset("class", "yes"))
    decision, found = gated(made, made, asked)
    told, gates = class_numbers(task(made), NOTHING)[0][1].f1, decision.results[0].finding.evidence
    assert isinstance(told, Estimate)
    assert isinstance(gates, Estimate)
    assert told.value == gates.value
    assert told.low == pytest.approx(gates.low, abs=0.01 if group else 0), "groups are drawn less often here"
    assert class_numbers(task(made), found)[0][1].f1 is gates


def test_every_repeat_is_counted_and_proves_no_more() -> None:
    once, _ = class_numbers(task(FAILED), NOTHING)
    twice, _ = class_numbers(task(asked_twice(FAILED)), NOTHING)
    assert twice[0].targets == 2 * once[0].targets
    first, second = once[0].f1, twice[0].f1
    assert isinstance(first, Estimate)
    assert isinstance(second, Estimate)
    assert second.value == pytest.approx(first.value)
    assert first.low is not None
    assert second.low is not None
    assert abs(second.low - first.low) < 0.03


def test_too_many_groups_or_looks_leave_the_value_without_an_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    any_time = class_numbers(task(MADE, policy=replace(POLICY, looks=0)), NOTHING)[0][0].f1
    monkeypatch.setattr("harness.pipeline.reporting.classes._MOST_UNITS", 10)
    grouped = class_numbers(task(result([True] * 60, group=2)), NOTHING)[0][0].f1
    for found, value in ((any_time, 160 / 200), (grouped, 1.0)):
        assert isinstance(found, Estimate)
        assert found.method.startswith("no interval: ")
        assert (found.low, found.high) == (None, None)
        assert found.value == pytest.approx(value, abs=0.01)


def test_a_run_that_lost_too_much_has_counts_and_no_f1() -> None:
    classes, _ = class_numbers(task(result([True] * 200, lost=10)), NOTHING)
    assert (classes[0].targets, classes[0].right) == (100, 95)
    assert isinstance(classes[0].f1, Unestimable)


def test_without_macro_f1_the_answers_are_read_for_it(tmp_path: Path) -> None:
    info = MetricInfo("accuracy", "rate", 1, ("no", "yes"))
    samples = [Sample(f"s{i}", {"text": str(i)}, ("no", "yes")[i % 2]) for i in range(40)]
    made: TaskResult = answered(samples, {"s1": "no", "s2": Outcome.MODEL_FAILED})
    with stored(tmp_path, {"candidate": made}, [info]) as found:
        judged = found.material["candidate"]["s"]
        columns = task_columns(found.connection, judged.run.id, frozenset())
        assert not columns[0].answers
        material = {"candidate": {"s": replace(judged, results={"t": columns[0]})}}
        classes, confusion = class_numbers(stored_tasks(found.connection, material, POLICY)[0], NOTHING)
    assert [(one.targets, one.answers, one.right) for one in classes] == [(20, 20, 19), (20, 19, 19)]
    assert confusion is not None
    assert confusion.counts[("yes", "no")] == 1


def test_a_task_without_classes_has_none(tmp_path: Path) -> None:
    samples = [Sample(f"s{i}", {"text": str(i)}, "x") for i in range(3)]
    with stored(tmp_path, {"candidate": answered(samples, {})}, [MetricInfo("accuracy", "rate", 1)]) as found:
        assert class_numbers(found, NOTHING) == ((), None)
