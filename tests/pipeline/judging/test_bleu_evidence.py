"""BLEU from stored scores to the series that gates judge: what is lost counts against the candidate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.estimates import Unestimable
from harness.core.runs import MetricInfo, TaskResult
from harness.core.samples import Answer, Outcome, Output, Sample
from harness.metrics.bleu import Bleu
from harness.metrics.interface import Item
from harness.pipeline.judging.series import evaluated, series_of
from harness.stats.analysis import absolute
from harness.stats.series import Settings
from tests.columns import columns

INFO = MetricInfo("bleu", "bleu", 1)
SETTINGS = Settings(alpha=0.05, resamples=199, seed=7, min_samples=30)
TEXTS = ["one two three four five six", "seven eight nine ten eleven", "twelve thirteen fourteen fifteen"]


def made(answers: list[str | None], targets: list[str] = TEXTS) -> TaskResult:
    """Answers beside their references; "" the model failed, None was lost."""
    pytest.importorskip("sacrebleu")
    items = []
    for i, (answer, target) in enumerate(zip(answers, targets, strict=True)):
        outcome = Outcome.NOT_EVALUATED if answer is None else Outcome.SCORED if answer else Outcome.MODEL_FAILED
        items.append(Item(Sample(f"s{i}", {}, target), Answer(f"s{i}", outcome, answer)))
    samples, given = tuple(item.sample for item in items), tuple(item.answer for item in items)
    outputs = tuple(Output(sample.id, answer) for sample, answer in zip(samples, answers, strict=True))
    return TaskResult("t", samples, outputs, given, tuple(Bleu().score(items)))


@pytest.mark.parametrize(
    ("answers", "favour", "as_if"),
    [
        (TEXTS, False, TEXTS),
        (["", *TEXTS[1:]], False, ["", *TEXTS[1:]]),
        (["", *TEXTS[1:]], True, ["", *TEXTS[1:]]),
        ([None, "seven eight", TEXTS[2]], False, ["", "seven eight", TEXTS[2]]),
        ([None, "seven eight", TEXTS[2]], True, [TEXTS[0], "seven eight", TEXTS[2]]),
    ],
)
def test_no_sample_is_left_out_of_bleu(answers: list[str | None], favour: bool, as_if: list[str]) -> None:
    package = pytest.importorskip("sacrebleu")
    found = absolute(series_of(columns(made(answers)), INFO, favour=favour), SETTINGS).evidence
    assert not isinstance(found, Unestimable)
    assert found.value == pytest.approx(package.corpus_bleu(as_if, [TEXTS]).score / 100)  # type: ignore[union-attr]
    assert evaluated(columns(made(answers)), INFO).ravel().tolist() == [answer is not None for answer in answers]


def test_scores_that_are_not_stored_are_no_zeros() -> None:
    whole = made(list(TEXTS))
    hurt = replace(whole, scores=tuple(score for score in whole.scores if score.sample_id != "s1"))
    for favour in (False, True):
        found = absolute(series_of(columns(hurt), INFO, favour=favour), SETTINGS).evidence
        assert found == Unestimable("a sample's n-gram counts are missing", 3)
