"""A sample that is asked several times: each time apart in the bundle, one sample in the statistics."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

from harness.core.runs import MetricInfo, TaskResult
from harness.core.samples import Answer, Outcome, Output, Sample, Score
from harness.pipeline.judging.series import evaluated, series_of
from harness.stats.series import Settings, weakness
from tests.columns import columns
from tests.pipeline.release_project import Project
from tests.tgi_stub import Stub

RATE = MetricInfo("accuracy", "rate", 1)
MACRO = MetricInfo("macro_f1", "macro_f1", 1, ("no", "yes"))
SETTINGS = Settings(0.05, 1999, 1, 30)


def asked(rights: list[list[bool | None]]) -> TaskResult:
    """Samples by their repeats: right, wrong, or not evaluated (None). Targets are "yes"."""
    samples = tuple(Sample(f"s{i}", {}, "yes") for i in range(len(rights)))
    outputs, answers, scores = [], [], []
    for sample, repeats in zip(samples, rights, strict=True):
        for r, right in enumerate(repeats):
            if right is None:
                outputs.append(Output(sample.id, None, error="reset", repeat=r))
                answers.append(Answer(sample.id, Outcome.NOT_EVALUATED, repeat=r))
                scores.append(Score(sample.id, "accuracy", None, repeat=r))
                continue
            value = "yes" if right else "no"
            outputs.append(Output(sample.id, value, repeat=r))
            answers.append(Answer(sample.id, Outcome.SCORED, value, repeat=r))
            scores.append(Score(sample.id, "accuracy", float(right), repeat=r))
    return TaskResult("t", samples, tuple(outputs), tuple(answers), tuple(scores))


def test_repeats_are_averaged_within_the_sample() -> None:
    series = series_of(columns(asked([[True, True, False], [False, False, False]])), RATE, favour=False)
    assert series.aggregate == "mean"
    np.testing.assert_allclose(series.values, [2 / 3, 0])


def test_a_lost_repeat_counts_against_the_candidate_and_for_the_baseline() -> None:
    result = asked([[True, None], [False, False]])
    np.testing.assert_allclose(series_of(columns(result), RATE, favour=False).values, [0.5, 0])
    np.testing.assert_allclose(series_of(columns(result), RATE, favour=True).values, [1, 0])
    assert evaluated(columns(result), RATE).ravel().tolist() == [True, False, True, True]


def test_a_repeat_without_output_and_answer_is_not_left_out() -> None:
    whole = asked([[True, True], [True, True]])
    torn = replace(whole, outputs=whole.outputs[:-1], answers=whole.answers[:-1], scores=whole.scores[:-1])
    assert evaluated(columns(torn), RATE).ravel().tolist() == [True, True, True, False]
    np.testing.assert_allclose(series_of(columns(torn), RATE, favour=False).values, [1, 0.5])


def test_asking_again_brings_no_new_sample() -> None:
    """199 samples asked ten times are 199 samples: too few for macro-F1 although there are 1,990 answers."""
    series = series_of(columns(asked([[i % 2 == 0] * 10 for i in range(199)])), MACRO, favour=False)
    assert (series.n, series.samples) == (1990, 199)
    assert series.groups is not None
    assert len(np.unique(series.groups)) == 199
    assert "199 samples are too few" in str(weakness(series, SETTINGS))


def test_the_flip_rate_is_the_share_of_samples_that_changed() -> None:
    assert asked([[True, True], [True, False], [False, False], [True, None]]).flip_rate == 0.5
    assert asked([[True], [False]]).flip_rate is None


def test_each_repeat_is_asked_with_a_seed_of_its_own_and_stored_apart(project: Project, stub: Stub) -> None:
    counter = itertools.count()
    stub.answer = lambda text, adapter: text.rsplit(" ", 1)[-1] if next(counter) % 5 else "other"
    project.suite["tasks"]["sort"] |= {"repeats": 3, "generation": {"max_new_tokens": 8, "temperature": 0.7, "seed": 7}}
    project.write()
    assert project.gate() in (0, 3)
    seeds = [body["seed"] for body in stub.posts("/v1/chat/completions") if body["model"] == "tuned"]
    assert sorted(set(seeds)) == [7, 8, 9]
    assert len(seeds) == 3 * 60
    for folder in project.bundles:
        lines = [json.loads(line) for line in (folder / "outputs.jsonl").read_text().splitlines()]
        assert [(one["sample_id"], one["repeat"]) for one in lines] == [
            (f"message{i}", r) for i in range(60) for r in range(3)
        ]
        counts = json.loads((folder / "manifest.json").read_text())["run"]["counts"]
        assert sum(counts.values()) == 180


@pytest.mark.parametrize("repeats", [0, -1, 101, 1.5, "3"])
def test_a_senseless_number_of_repeats_is_refused(project: Project, repeats: object) -> None:
    project.suite["tasks"]["sort"]["repeats"] = repeats
    project.write()
    assert project.call("validate") == 2
