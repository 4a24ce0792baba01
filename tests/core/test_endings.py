"""What is said of answers that are not whole."""

from __future__ import annotations

import pytest

from harness.core.endings import Ending, endings_in_words
from harness.core.samples import REFUSED, Output


@pytest.mark.parametrize(
    ("counts", "limit", "said"),
    [
        ({"answered": 14, "length": 26}, 60, "26 of 40 answers were cut off at max_new_tokens 60"),
        ({"answered": 14, "length": 26}, None, "26 of 40 answers were cut off"),
        ({"answered": 9, "empty": 1}, 60, "1 of 10 answers was empty"),
        (
            {"answered": 1990, "length": 6, "unreadable": 3, "empty": 1}, 4,
            "6 of 2,000 answers were cut off at max_new_tokens 4, 3 were not in the form that was asked for, "
            "1 was empty",
        ),
        ({"lost": 2, "tool_calls": 2}, 8, "2 of 4 answers were tool calls, 2 were lost"),
        ({"answered": 40}, 60, ""),
        ({}, None, ""),
    ],
)  # fmt: skip
def test_it_names_how_many_and_at_which_limit(counts: dict[str, int], limit: int | None, said: str) -> None:
    assert endings_in_words(counts, limit) == said


def test_it_says_whose_answers_and_knows_every_ending() -> None:
    said = endings_in_words({"length": 2}, 8, " of the base to s.t")
    assert said == "2 of 2 answers of the base to s.t were cut off at max_new_tokens 8"
    for ending in (one for one in Ending if one is not Ending.ANSWERED):
        assert endings_in_words({ending: 1}).startswith("1 of 1 answers was ")
    assert Output("s", None, REFUSED, error="HTTP 413").lost is False
