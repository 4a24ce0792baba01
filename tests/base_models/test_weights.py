"""Weights that are not all there, or not whole, are named before anything loads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.base_models.folder import problems_of
from harness.base_models.weights import broken_weights


def weights(path: Path, size: int = 64) -> Path:
    header = json.dumps({"t": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}, "__metadata__": {}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(size))
    return path


def sharded(folder: Path) -> Path:
    names = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    for name in names:
        weights(folder / name)
    index = {"weight_map": {f"layer{number}": name for number, name in enumerate(names)}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_text("{}")
    return folder


def test_whole_weights_are_no_problem(tmp_path: Path) -> None:
    assert problems_of(sharded(tmp_path)) == []


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    (sharded(tmp_path) / "model-00002-of-00002.safetensors").unlink()
    [problem] = problems_of(tmp_path)
    assert problem.startswith("the shard model-00002-of-00002.safetensors")
    assert "is missing" in problem


@pytest.mark.parametrize("kept", [0, 5, 30, -1])
def test_weights_that_are_cut_off_are_named(tmp_path: Path, kept: int) -> None:
    path = weights(tmp_path / "model.safetensors")
    path.write_bytes(path.read_bytes()[:kept])
    [problem] = broken_weights(tmp_path)
    assert problem.startswith(("model.safetensors is cut off", "model.safetensors is no whole safetensors file"))


@pytest.mark.parametrize("header", [b"[]", b"not json", b'{"t": {"data_offsets": [0]}}', b'{"t": 3}'])
def test_a_header_that_is_none_is_told(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    [problem] = broken_weights(tmp_path)
    assert problem.startswith("model.safetensors is no whole safetensors file")


@pytest.mark.parametrize("text", ["[]", "{}", "no", '{"weight_map": []}'])
def test_an_index_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    (sharded(tmp_path) / "model.safetensors.index.json").write_text(text)
    assert any("is no index of shards" in problem for problem in broken_weights(tmp_path))
