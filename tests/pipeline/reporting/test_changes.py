"""Changed answers against a baseline, out of the store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.core.runs import MetricInfo
from harness.core.samples import Answer, Outcome, Output, Sample, Score
from harness.pipeline.reporting.changes import changes_of
from harness.pipeline.reporting.shown import shown
from tests.pipeline.reporting.stored import ACCURACY, answered, stored

LOST = Outcome.NOT_EVALUATED
SAMPLES = [Sample(f"s{i:03}", {"id": f"s{i:03}", "text": f"message {i}"}, "yes") for i in range(60)]


def wrong(*numbers: int) -> dict[str, object]:
    return {f"s{i:03}": "no" for i in numbers}


def test_every_sample_is_worse_better_same_or_unknown(tmp_path: Path) -> None:
    ours, theirs = {**wrong(1, 2, 3), "s010": LOST}, {**wrong(3, *range(30, 60)), "s011": LOST}
    results = {"candidate": answered(SAMPLES, ours), "base": answered(SAMPLES, theirs)}
    with stored(tmp_path, results, (ACCURACY,)) as task:
        found = changes_of(task, "base")
    assert found is not None
    assert (found.worse, found.better, found.same, found.unknown) == (2, 30, 26, 2)
    assert [one.id for one in found.fallen] == ["s001", "s002"]
    assert len(found.risen) == 25
    fallen = found.fallen[0]
    assert (fallen.input, fallen.target) == ("message 1", "yes")
    assert [(role, said.text, said.score) for role, said in fallen.said.items()] == [
        ("candidate", "It is no", 0.0),
        ("base", "It is yes", 1.0),
    ]


def test_a_baseline_that_was_asked_something_else_is_not_held_against_the_candidate(tmp_path: Path) -> None:
    others = [replace(SAMPLES[0], target="no"), *SAMPLES[1:]]
    results = {"candidate": answered(SAMPLES, wrong(1)), "base": answered(others, wrong(2))}
    with stored(tmp_path, results, (ACCURACY,)) as task:
        assert changes_of(task, "base") is None
        assert list(shown(task, ["s001"])[0].said) == ["candidate"]
        assert changes_of(task, "nobody") is None


def test_without_a_metric_by_sample_nothing_changed(tmp_path: Path) -> None:
    results = {role: answered(SAMPLES, {}) for role in ("candidate", "base")}
    with stored(tmp_path, results, (MetricInfo("macro_f1", "macro_f1", 1, ("no", "yes")),)) as task:
        assert changes_of(task, "base") is None


def test_of_several_repeats_the_lost_or_the_lowest_is_shown_with_the_mean_of_all(tmp_path: Path) -> None:
    outputs, answers, scores = [], [], []
    for name, ends in {"s000": (1.0, 0.0, 1.0), "s001": (1.0, 1.0, None)}.items():
        for nth, value in enumerate(ends):
            lost = value is None
            outputs.append(Output(name, None if lost else f"try {nth}", error="reset" if lost else None, repeat=nth))
            outcome = LOST if lost else Outcome.SCORED
            answers.append(Answer(name, outcome, None if lost else "yes", "reset" if lost else None, nth))
            scores.append(Score(name, "accuracy", value, reason="reset" if lost else None, repeat=nth))
    result = replace(
        answered(SAMPLES[:2], {}), outputs=tuple(outputs), answers=tuple(answers), scores=tuple(scores)
    )  # fmt: skip
    with stored(tmp_path, {"candidate": result}, (ACCURACY,)) as task:
        first, second = (one.said["candidate"] for one in shown(task, ["s000", "s001"]))
    assert (first.text, first.score) == ("try 1", 2 / 3)
    assert (second.text, second.outcome, second.score, second.reason) == ("", LOST, None, "reset")


def test_the_input_leaves_out_what_stands_elsewhere(tmp_path: Path) -> None:
    row = {"id": "a", "question": "2+2?", "choices": ["3", "4"], "right": 1, "topic": "maths", "book": "g1"}
    one = Sample("a", row, 1, "g1", {"topic": "maths"})
    with stored(tmp_path, {"candidate": answered([one], {"a": 0})}, (ACCURACY,)) as task:
        (found,) = shown(task, ["a"])
    assert found.input == 'question: 2+2?\nchoices: ["3", "4"]'
    assert (found.target, found.said["candidate"].answer) == ("1: 4", "0: 3")
    assert found.row == {key: value for key, value in row.items() if key != "right"}
