"""Where a candidate fails: what counts as a failure, which parts are weak, and which samples are shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.estimates import Estimate
from harness.core.runs import MetricInfo, TaskResult
from harness.core.samples import Outcome, Sample, Score
from harness.pipeline.reporting.failures import failures_of
from harness.report.numbers import Failures
from tests.pipeline.reporting.stored import ACCURACY, answered, known, stored

CLASSES = MetricInfo("macro_f1", "macro_f1", 1, ("card", "rate"))
LOST, UNREADABLE = Outcome.NOT_EVALUATED, Outcome.MODEL_FAILED


def sample(i: int, **slices: str) -> Sample:
    """Even ones ask for a card, odd ones for the rate, in ever longer words."""
    text = ("please block my lost card" if i % 2 == 0 else "what is your exchange rate today") + " thanks" * (i // 20)
    row = {"id": f"s{i:03}", "text": text, "label": ("card", "rate")[i % 2], **slices}
    return Sample(f"s{i:03}", row, row["label"], None, slices)


def failures(folder: Path, result: TaskResult, *infos: MetricInfo) -> Failures | None:
    with stored(folder, {"candidate": result}, infos or (ACCURACY, CLASSES)) as task:
        return failures_of(task, known(task))


def test_wrong_and_unreadable_answers_fail_and_lost_ones_do_not(tmp_path: Path) -> None:
    said = {"s003": "card", "s008": UNREADABLE, "s011": LOST, "s020": "rate"}
    found = failures(tmp_path, answered([sample(i) for i in range(40)], said))
    assert found is not None
    assert (found.metric, found.below, found.failing, found.evaluated) == ("accuracy", 0.5, 3, 39)
    assert [one.id for one in found.worst] == ["s008", "s003", "s020"]
    unreadable, wrong = (one.said["candidate"] for one in found.worst[:2])
    assert (unreadable.outcome, unreadable.text, unreadable.reason) == (
        UNREADABLE,
        "I can't say.",
        "none of the labels",
    )
    assert (wrong.text, wrong.answer, wrong.score, wrong.latency) == ("It is card", "card", 0.0, 0.5)
    assert found.worst[1].input == "what is your exchange rate today"
    assert found.worst[1].target == "rate"


def test_at_most_25_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    found = failures(tmp_path, answered([sample(i) for i in range(60)], {f"s{i:03}": UNREADABLE for i in range(30)}))
    assert found is not None
    assert (found.failing, len(found.worst)) == (30, 25)


def test_the_weakest_part_stands_first_and_every_kind_is_there(tmp_path: Path) -> None:
    samples = [sample(i, language="de" if i % 4 == 0 else "en", desk="a" if i < 30 else "b") for i in range(80)]
    found = failures(tmp_path, answered(samples, {f"s{i:03}": "rate" for i in range(0, 80, 4)}))
    assert found is not None
    weakest = found.parts[0]
    assert (weakest.kind, weakest.name, weakest.column, weakest.samples) == ("language", "de", "", 20)
    own = weakest.own["candidate"]
    assert isinstance(own, Estimate)
    assert own.value == 0.0
    parts = {(one.kind, one.name): one.samples for one in found.parts}
    assert parts["class", "card"] == parts["class", "rate"] == 40
    assert parts["slice", "a"] == 30
    lengths = [size for (kind, _), size in parts.items() if kind == "length"]
    assert len(lengths) == 4
    assert sum(lengths) == 80
    assert ("language", "other, or too short to tell") not in parts, "the slice says it; nothing is detected"


def test_where_no_slice_tells_the_language_it_is_detected(tmp_path: Path) -> None:
    german = "Guten Tag, bitte sperren Sie meine verlorene Karte sofort, vielen Dank"
    samples = [sample(i) for i in range(40)]
    samples = [replace(one, row={**one.row, "text": german}) if i < 10 else one for i, one in enumerate(samples)]
    found = failures(tmp_path, answered(samples, {f"s{i:03}": UNREADABLE for i in range(10)}))
    assert found is not None
    parts = {one.name: one for one in found.parts if one.kind == "language"}
    assert {name: one.samples for name, one in parts.items()} == {"de": 10, "en": 30}
    assert found.parts[0].own == parts["de"].own, "no other part is as weak"


def test_of_a_mean_the_lowest_fifth_fails_and_a_full_score_never_does(tmp_path: Path) -> None:
    overlap, samples = MetricInfo("rouge_l", "mean", 1), [sample(i) for i in range(50)]

    def scored(name: str, values: list[float]) -> Failures | None:
        scores = tuple(Score(one.id, "rouge_l", value) for one, value in zip(samples, values, strict=True))
        (tmp_path / name).mkdir()
        return failures(tmp_path / name, replace(answered(samples, {}), scores=scores), overlap)

    found = scored("spread", [i / 50 for i in range(50)])
    assert found is not None
    assert (found.failing, found.below) == (10, pytest.approx(0.2))
    assert found.worst[0].id == "s000"
    perfect = scored("perfect", [1.0] * 50)
    assert perfect is not None
    assert (perfect.failing, perfect.parts, perfect.worst) == (0, (), ())
    ties = scored("ties", [0.0] * 20 + [0.75] * 30)
    assert ties is not None
    assert (ties.failing, ties.below) == (20, 0.75)


def test_without_a_metric_by_sample_or_an_evaluated_sample_there_is_nothing_to_tell(tmp_path: Path) -> None:
    samples = [sample(i) for i in range(6)]
    for name in ("none", "lost"):
        (tmp_path / name).mkdir()
    assert failures(tmp_path / "none", answered(samples, {"s000": "rate"}), CLASSES) is None
    assert failures(tmp_path / "lost", answered(samples, {one.id: LOST for one in samples})) is None


def test_failing_inputs_that_are_alike_are_found_the_same_every_time(tmp_path: Path) -> None:
    result = answered([sample(i) for i in range(80)], {f"s{i:03}": "rate" for i in range(0, 80, 4)})
    with stored(tmp_path, {"candidate": result}, (ACCURACY, CLASSES)) as task:
        first, second = (failures_of(task, known(task)) for _ in range(2))
    assert first == second
    assert first is not None
    assert (first.clusters[0].size, first.clustered) == (20, 20)
    assert {"card", "lost"} <= {*first.clusters[0].words}
    assert "thanks" not in first.clusters[0].words, "it is as common among all the others"


def test_perturbed_copies_of_one_sample_are_no_group(tmp_path: Path) -> None:
    copies = [replace(sample(2 * i), origin=f"o{i // 6}") for i in range(12)]
    found = failures(tmp_path, answered(copies, {one.id: UNREADABLE for one in copies}))
    assert found is not None
    assert (found.failing, found.clustered, found.clusters) == (12, 2, ())


def test_a_part_that_is_too_small_for_a_bound_never_stands_first(tmp_path: Path) -> None:
    overlap = MetricInfo("rouge_l", "mean", 1)
    samples = [sample(i, desk="rare" if i == 0 else "a" if i < 25 else "b") for i in range(50)]
    scores = tuple(Score(one.id, "rouge_l", 0.01 * i) for i, one in enumerate(samples))
    found = failures(tmp_path, replace(answered(samples, {}), scores=scores), overlap)
    assert found is not None
    names = [one.name for one in found.parts if one.kind == "slice"]
    assert names[0] == "a"
    assert found.parts[0].name != "rare"
