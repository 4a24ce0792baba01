"""The data of a decision: what nobody counted or looked for is never told as done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.pipeline.judging.evidence import Judged
from harness.pipeline.reporting.data import data_numbers
from harness.report.taught import AskedData, TaughtData
from tests.pipeline.hand_made import judged, result, some

PROMPT = {"tasks": {"t": {"prompt": {"user": "{{ text }}"}}}}
LM_EVAL = {"tasks": {"t": {"prompt": None}}}


def suites(recipe: object, **data: str) -> dict[str, Judged]:
    one = judged("candidate", result(some(3, 5)))
    found = Judged(replace(one.run, data=data), one.results, recipe)  # type: ignore[arg-type]
    return {"s": found, "measured": found}


@pytest.mark.parametrize(
    ("recipe", "trained_here", "sought"),
    [(PROMPT, True, True), (PROMPT, False, False), (LM_EVAL, True, False), ({}, True, False)],
)
def test_tests_were_sought_where_training_and_prompts_are_ours(
    recipe: object, trained_here: bool, sought: bool
) -> None:
    found = data_numbers(suites(recipe, t="d"), None, trained_here)
    assert found.asked == (AskedData("s", "t", 5, "d", sought),)
    assert found.taught == ()


def test_a_run_of_an_older_harness_has_no_digest() -> None:
    assert data_numbers(suites(PROMPT), None, True).asked[0].digest is None


def test_rows_that_taught_with_their_digests() -> None:
    digests = {"base": "b", "data": "d", "validation": "v"}
    found = data_numbers({}, {"digests": digests, "rows": 600, "validation_rows": 135}, True)
    assert found.taught == (TaughtData("training", 600, "d"), TaughtData("validation", 135, "v"))
    uncounted = data_numbers({}, {"digests": {"data": "d"}, "rows": {"train": 3}}, True)
    assert uncounted.taught == (TaughtData("training", None, "d"),)
    assert data_numbers({}, {"history": []}, True).taught == ()
