"""What the base model's own file asks of greedy answers is read, and nothing else of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.pipeline.running.vouch import penalties_of


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"repetition_penalty": 1.05, "temperature": 0.7, "top_k": 20}, {"repetition_penalty": 1.05}),
        ({"presence_penalty": 1.5, "no_repeat_ngram_size": 3}, {"presence_penalty": 1.5, "no_repeat_ngram_size": 3.0}),
        ({"repetition_penalty": 1.0, "frequency_penalty": 0.0, "no_repeat_ngram_size": 0}, {}),
        ({"repetition_penalty": None}, {}),
        ({"repetition_penalty": "1.1"}, {}),
        (["repetition_penalty"], {}),
    ],
)
def test_only_what_changes_the_likeliest_token_counts(tmp_path: Path, given: object, found: dict[str, float]) -> None:
    (tmp_path / "generation_config.json").write_text(json.dumps(given))
    assert penalties_of(tmp_path) == found


def test_without_a_file_or_a_base_there_is_nothing(tmp_path: Path) -> None:
    assert penalties_of(tmp_path) == {}
    assert penalties_of(None) == {}
    (tmp_path / "generation_config.json").write_text("{")
    assert penalties_of(tmp_path) == {}
