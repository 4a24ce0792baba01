from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.core.estimates import Estimate, Unestimable
from harness.core.policies import Subset
from harness.core.runs import MetricInfo, TaskResult
from harness.core.samples import Answer, Outcome, Output, Sample, Score
from harness.pipeline.reporting.parts import field_parts, part, slice_parts, slice_places, worths
from harness.report.numbers import Own, PartNumbers
from tests.pipeline.hand_made import gate, material, result, with_run
from tests.pipeline.reporting.by_hand import NOTHING, POLICY, asked_twice, gated, sliced, task, tasks

FIELDS = (MetricInfo("field_accuracy", "mean", 1, parts="rate"),)


def value(found: Own) -> float:
    assert isinstance(found, Estimate)
    return found.value


def by_name(found: tuple[PartNumbers, ...]) -> dict[str, PartNumbers]:
    return {f"{one.column}={one.name}" if one.column else one.name: one for one in found}


def test_slices_are_counted_by_hand() -> None:
    ours = sliced(result([True] * 150 + [False] * 50), "language", ["de", "en", "en", "en"])
    theirs = sliced(result([i % 4 != 0 for i in range(200)]), "language", ["de", "en", "en", "en"])
    found = by_name(slice_parts(task(ours, theirs), NOTHING))
    assert [*found] == ["language=de", "language=en"]
    assert [found[name].samples for name in found] == [50, 150]
    de, en = found["language=de"], found["language=en"]
    assert value(de.own["candidate"]) == pytest.approx(38 / 50), "every fourth of the first 150"
    assert value(en.own["candidate"]) == pytest.approx(112 / 150)
    assert (value(de.own["base"]), value(en.own["base"])) == (0.0, 1.0)
    assert {one.metric for one in found.values()} == {"accuracy"}


@pytest.mark.parametrize("repeats", [1, 2])
@pytest.mark.parametrize("group", [0, 5])
def test_a_slice_comes_to_what_a_gate_finds_on_it(repeats: int, group: int) -> None:
    ours = sliced(result([i % 7 != 0 for i in range(200)], lost=1, group=group), "language", ["de", "en"])
    ours = asked_twice(ours) if repeats == 2 else ours
    asked = replace(gate("s.accuracy", "at_least", 0.5), subset=Subset("slice", "language", "en"))
    decision, found = gated(ours, ours, asked)
    told = by_name(slice_parts(task(ours), NOTHING))["language=en"].own["candidate"]
    gates = decision.results[0].finding.evidence
    assert isinstance(told, Estimate)
    assert isinstance(gates, Estimate)
    assert told.value == gates.value
    assert told.low == pytest.approx(gates.low, abs=0.01 if repeats == 2 else 0), "a gate checks means by drawing"
    assert by_name(slice_parts(task(ours), found))["language=en"].own["candidate"] is gates


def test_a_slice_of_which_nothing_was_evaluated_is_not_zero() -> None:
    ours = result([True] * 200, lost=2)
    few = [replace(one, slices={"style": "odd" if i < 2 else "plain"}) for i, one in enumerate(ours.samples)]
    found = by_name(slice_parts(task(replace(ours, samples=tuple(few)), result([True] * 200)), NOTHING))
    assert found["style=odd"].own["candidate"] == Unestimable("none of its samples was evaluated", 2)
    assert value(found["style=plain"].own["candidate"]) == 1.0


def test_a_baseline_that_was_asked_otherwise_has_no_parts() -> None:
    ours = sliced(result([True] * 200), "language", ["de", "en"])
    other = tasks(with_run(material(ours, ours), "base", task_digests={"t": "other"}))[0]
    own = by_name(slice_parts(other, NOTHING))["language=de"].own
    assert isinstance(own["candidate"], Estimate)
    assert isinstance(own["base"], Unestimable)
    assert "versions" in own["base"].reason


def test_a_run_that_lost_too_much_has_no_parts_and_no_baseline_beside_it() -> None:
    few = sliced(result([True] * 100), "language", ["de", "en"])
    ours = sliced(result([True] * 200, lost=10), "language", ["de", "en"])
    own = by_name(slice_parts(task(ours, few), NOTHING))["language=en"].own
    assert isinstance(own["candidate"], Unestimable)
    assert own["base"] == own["candidate"], "its samples are others, and nothing tells which belong to the part"


def test_samples_without_slices_have_none() -> None:
    assert slice_parts(task(result([True] * 60)), NOTHING) == ()
    assert slice_places((None, '{"a": "x"}', "{}", '{"b": "y", "a": "x"}')).keys() == {("a", "x"), ("b", "y")}


def test_any_places_make_a_part() -> None:
    ours = task(result([True] * 30 + [False] * 30))
    assert ours.main is not None
    found = part(ours, "accuracy", worths(ours, ours.main), "length", "short", np.arange(20, 40))
    assert (found.kind, found.name, found.samples, value(found.own["candidate"])) == ("length", "short", 20, 0.5)
    nothing = part(ours, "accuracy", worths(ours, ours.main), "length", "none", np.arange(0))
    assert nothing.own["candidate"] == Unestimable("no samples", 0)


def records(right: dict[str, float], lost: int = 0) -> TaskResult:
    """100 records; every second one has a name. Of each field a share is right, the first ones."""
    samples, outputs, answers, scores = [], [], [], []
    for i in range(100):
        fields = ["order", "name"] if i % 2 else ["order"]
        samples.append(Sample(f"s{i:03}", {}, dict.fromkeys(fields, "x")))
        gone = i < lost
        outputs.append(Output(f"s{i:03}", None if gone else "{}", error="reset" if gone else None, latency=1.0))
        answers.append(Answer(f"s{i:03}", Outcome.NOT_EVALUATED if gone else Outcome.SCORED, None if gone else {}))
        each = {name: float(i < 100 * right[name]) for name in fields}
        for name, score in [("", sum(each.values()) / len(each)), *each.items()]:
            scores.append(Score(f"s{i:03}", "field_accuracy", None if gone else score, name, "reset" if gone else ""))
    return TaskResult("t", tuple(samples), tuple(outputs), tuple(answers), tuple(scores))


def test_fields_are_counted_where_the_record_has_them() -> None:
    ours, theirs = records({"order": 0.9, "name": 0.5}, lost=1), records({"order": 0.2, "name": 0.1}, lost=1)
    runs = with_run(with_run(material(ours, theirs), "candidate", metrics={"t": FIELDS}), "base", metrics={"t": FIELDS})
    found = by_name(field_parts(tasks(runs, replace(POLICY, max_not_evaluated=0.02))[0], NOTHING))
    assert [(one.name, one.samples) for one in found.values()] == [("order", 100), ("name", 50)], "as records have them"
    assert value(found["order"].own["candidate"]) == pytest.approx(0.89), "the lost one is wrong"
    assert value(found["order"].own["base"]) == pytest.approx(0.20), "the lost one is right"
    assert value(found["name"].own["candidate"]) == pytest.approx(0.5)
    order = found["order"].own["candidate"]
    assert isinstance(order, Estimate)
    assert order.method == "Clopper-Pearson", "a field is right or wrong"
