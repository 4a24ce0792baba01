"""Keys are told by kind and digits, and everything else stays as it is."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.core.samples import Answer, Outcome, Output, Sample
from harness.core.secrets import (
    mask_file,
    masked,
    masked_answer,
    masked_json,
    masked_output,
    masked_samples,
)
from tests.made_secrets import in_context, key_block, secrets

PROJECT = Path(__file__).resolve().parents[2]
SECRETS, OTHERS = secrets(), secrets(5)
WORDS = (
    "a risk-free task-list-of-20-things-to-do-today, hf_hub_download and sk-learn",
    "https://example.com:8080/a?b=c@d and mailto:ada@example.com, git@github.com:a/b.git",
    "The bearer acknowledges-all-responsibilities of this letter. Authorization is a word; secret key: none",
    "sk-toggleable__content sk-estimator-doc-link AKIAN eyJ.eyJ. xox-games AIza ghp_short glpat-x",
    "commit 3f2a9c1d5e7b8a90c1d2e3f4a5b6c7d8e9f0a1b2, uuid 123e4567-e89b-12d3-a456-426614174000",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "[masked:hf_token:3f2a9c]",
)


@pytest.mark.parametrize("name", SECRETS)
def test_a_key_is_told_by_its_kind_and_six_digits(name: str) -> None:
    found = masked(f"use {SECRETS[name]}, please")
    assert found.startswith("use [masked:")
    assert found.endswith("], please")
    assert not any(part in found for part in SECRETS[name].splitlines())
    assert len(found) < 60


@pytest.mark.parametrize("name", in_context())
def test_what_only_its_surroundings_tell_is_masked_alone(name: str) -> None:
    text, secret = in_context()[name]
    before, after = text.split(secret)
    found = masked(text)
    assert found.startswith(before + "[masked:")
    assert found.endswith(after.lstrip("="))
    assert secret not in found


@pytest.mark.parametrize("name", SECRETS)
def test_equal_keys_stay_equal_and_others_other(name: str) -> None:
    assert masked(f"a {SECRETS[name]}").removeprefix("a ") == masked(SECRETS[name])
    assert masked(OTHERS[name]) != masked(SECRETS[name])


@pytest.mark.parametrize("text", WORDS)
def test_words_addresses_and_digests_stay(text: str) -> None:
    assert masked(text) == text


def test_nothing_in_the_projects_own_data_looks_like_a_key() -> None:
    files = [file for folder in ("data", "suites") for file in (PROJECT / folder).rglob("*") if file.is_file()]
    lines = [line for file in files for line in file.read_text(encoding="utf-8", errors="replace").splitlines()]
    assert len(lines) > 1_000
    assert [line for line in lines if masked(line) != line] == []


# Texts are cheap to make, but not where everything else runs at once.
BUSY = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


@BUSY
@given(st.lists(st.sampled_from([*SECRETS.values(), *(text for text, _ in in_context().values()), *WORDS, "\n", '"'])))
def test_masked_again_is_the_same(parts: list[str]) -> None:
    once = masked(" ".join(parts))
    assert masked(once) == once


@BUSY
@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assert masked(masked(text)) == masked(text)


@pytest.mark.parametrize("name", SECRETS)
def test_the_json_of_a_text_and_the_text_give_the_same(name: str) -> None:
    value = {"token": SECRETS[name], "note": f"line\n{SECRETS[name]}"}
    assert json.loads(masked(json.dumps(value))) == masked_json(value)


def test_a_fields_name_may_tell_that_its_text_is_a_key() -> None:
    text, secret = in_context()["aws secret in json"]
    value = {"SecretAccessKey": secret, "deep": [{"authorization": "Basic dXNlcjpwYXNzd29yZA=="}, 1, None]}
    found = masked_json(value)
    assert isinstance(found, dict)
    assert found["SecretAccessKey"] == json.loads(masked(text))["SecretAccessKey"]
    assert "dXNl" not in json.dumps(found)


def test_values_without_keys_are_given_back_as_they_are() -> None:
    value = {"a": ["x", {"b": 1.5}], "c": None, "d": ("y",)}
    assert masked_json(value) is value
    sample = Sample("1", {"text": "sk-ip"}, ["x"], "g", {"s": "t"})
    assert list(masked_samples([sample])) == [sample]
    output, answer = Output("1", "x", error=None), Answer("1", Outcome.SCORED, {"a": "b"})
    assert (masked_output(output), masked_answer(answer)) == (output, answer)


def test_all_texts_of_a_sample_an_output_and_an_answer_are_masked() -> None:
    key = SECRETS["github"]
    given = Sample("1", {"text": f"my {key}", key: 2**70}, {"field": key}, key, {"who": key})
    *_, sample = masked_samples([Sample("0", {}, None)] * 70 + [given])
    output = masked_output(Output("1", key, error=f"HTTP 500: {key}"))
    answer = masked_answer(Answer("1", Outcome.MODEL_FAILED, [key], f"{key} is no label"))
    assert key not in repr((sample, output, answer))
    assert repr((sample, output, answer)).count(masked(key)) == 9


def test_a_block_that_was_cut_off_takes_no_prose_with_it() -> None:
    found = masked(key_block()[:150] + "\nand so it goes on for a while")
    assert found.startswith("[masked:private_key:")
    assert found.endswith("and so it goes on for a while")


def test_a_file_of_bytes_loses_its_keys_alone(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\xff step 1\r\n" + SECRETS["hugging face"].encode() + b"\r\nend")
    mask_file(path)
    assert path.read_bytes() == b"\xff step 1\r\n" + masked(SECRETS["hugging face"]).encode() + b"\r\nend"
    mask_file(tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "piece", ["a", "sk-", "sk-a1", "eyJaaaaaaaaaa.", "eyJaaaaaaaa.eyJaaaa.", "://", "://a:", "://a:b", "bearer ",
              "authorization: bearer ", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAA\n",
              "-----BEGIN A B C ", "-", "secret_key=", "xoxb-", "AKIAA", "\\nsk-", "sk-a-", "github_pat_a "],
)  # fmt: skip
def test_a_long_text_takes_time_by_its_length(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    begun = time.process_time()
    masked(text)
    assert time.process_time() - begun < 5
