"""How a model's end-of-sequence tokens are spelled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.base_models.ends import end_tokens

ADDED = {"added_tokens": [{"id": id, "content": text} for id, text in ((2, "<|im_end|>"), (7, "<|eot|>"), (8, "x"))]}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"generation_config.json": {"eos_token_id": [2, 7]}, "tokenizer.json": ADDED}, ("<|im_end|>", "<|eot|>")),
        ({"config.json": {"eos_token_id": 7}, "tokenizer.json": ADDED}, ("<|eot|>",)),
        (
            {"generation_config.json": {"eos_token_id": 7}, "config.json": {"eos_token_id": 8}, "tokenizer.json": ADDED,
             "tokenizer_config.json": {"eos_token": {"content": "</s>"}}},
            ("</s>", "<|eot|>"),
        ),
        (
            {"config.json": {"eos_token_id": 5},
             "tokenizer_config.json": {"eos_token": "</s>", "added_tokens_decoder": {"5": {"content": "<end>"}}}},
            ("</s>", "<end>"),
        ),
        ({"config.json": {"eos_token_id": None}, "tokenizer_config.json": {"eos_token": None}}, ()),
        ({"config.json": {"eos_token_id": 5}, "tokenizer.json": {"added_tokens": ["x", None]},
          "tokenizer_config.json": {"added_tokens_decoder": {"five": {"content": "y"}, "5": "z"}}}, ()),
        ({"config.json": [], "tokenizer.json": ADDED}, ()),
        ({}, ()),
    ],
)  # fmt: skip
def test_the_ends_are_those_of_the_files(tmp_path: Path, files: dict[str, object], expected: tuple[str, ...]) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    assert end_tokens(tmp_path) == expected
