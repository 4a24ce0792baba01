"""An adapter for another base, one that is cut off, and one that is pickled are told before anything is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.base_models.adapters import adapter_problems, shapes

HUB = "meta-llama/Llama-3.1-8B-Instruct@" + "0" * 40


def weights(path: Path, tensors: dict[str, tuple[int, int]]) -> None:
    """A safetensors file by the format's own rules."""
    header, at = {}, 0
    for name, shape in tensors.items():
        size = shape[0] * shape[1] * 4
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(at))


def base(folder: Path, hidden: int = 8, layers: int = 2, prefix: str = "model.") -> Path:
    folder.mkdir(exist_ok=True)
    names = [f"{prefix}layers.{n}.self_attn.q_proj.weight" for n in range(layers)]
    weights(folder / "model.safetensors", {name: (2 * hidden, hidden) for name in names})
    return folder


def adapter(folder: Path, hidden: int = 8, layers: int = 2, named: str | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    tensors = {}
    for n in range(layers):
        at = f"base_model.model.model.layers.{n}.self_attn.q_proj"
        tensors |= {f"{at}.lora_A.weight": (4, hidden), f"{at}.lora_B.weight": (2 * hidden, 4)}
    weights(folder / "adapter_model.safetensors", tensors)
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": named, "r": 4}))
    return folder


@pytest.mark.parametrize("prefix", ["model.", "language_model.model.", ""])
def test_an_adapter_of_the_base_is_none_whatever_prefix_the_base_was_saved_with(tmp_path: Path, prefix: str) -> None:
    assert adapter_problems(adapter(tmp_path / "a"), base(tmp_path / "b", prefix=prefix), "folder") == []


@pytest.mark.parametrize(
    ("given", "said"),
    [({"hidden": 16}, "is for 32 × 16, and the base model's has 16 × 8"), ({"layers": 3}, "no layer 'model.layers.2")],
)
def test_an_adapter_of_another_base_is_told_by_its_shapes(tmp_path: Path, given: dict[str, int], said: str) -> None:
    (problem,) = adapter_problems(adapter(tmp_path / "a", **given), base(tmp_path / "b"), "folder")
    assert problem.startswith("it was trained on another base model")
    assert said in problem


def test_a_base_of_the_same_make_is_told_by_its_name(tmp_path: Path) -> None:
    ours = base(tmp_path / "b")
    assert adapter_problems(adapter(tmp_path / "a", named="meta-llama/Llama-3.1-8B-Instruct"), ours, HUB) == []
    (problem,) = adapter_problems(adapter(tmp_path / "a", named="meta-llama/Llama-3.1-8B"), ours, HUB)
    assert problem == (
        "it was trained on 'meta-llama/Llama-3.1-8B', and the base model is 'meta-llama/Llama-3.1-8B-Instruct'."
    )


def test_pickled_weights_are_refused_and_named(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a")
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    (problem,) = adapter_problems(folder, base(tmp_path / "b"), "folder")
    assert "adapter_model.bin is refused" in problem


@pytest.mark.parametrize("kept", [4, 40, -1])
def test_a_file_that_is_cut_off_is_told(tmp_path: Path, kept: int) -> None:
    folder = adapter(tmp_path / "a")
    path = folder / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    (problem,) = adapter_problems(folder, base(tmp_path / "b"), "folder")
    assert "it cannot be read: adapter_model.safetensors" in problem


def test_shapes_of_a_real_adapter(tmp_path: Path) -> None:
    numpy = pytest.importorskip("safetensors.numpy")
    import numpy as np

    numpy.save_file({"one": np.zeros((3, 5), np.float32)}, tmp_path / "x.safetensors")
    assert shapes(tmp_path / "x.safetensors") == {"one": (3, 5)}


def test_an_adapter_without_lora_weights_is_none(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a")
    weights(folder / "adapter_model.safetensors", {"base_model.model.score.weight": (2, 2)})
    assert adapter_problems(folder, base(tmp_path / "b"), "folder") == ["it holds no LoRA weights."]


@pytest.mark.parametrize("header", [[], {"a": 3}, {"a": {"dtype": "F32"}}, {"a": {"shape": 3, "data_offsets": [0, 0]}}])
def test_a_header_of_another_form_is_no_safetensors_file(tmp_path: Path, header: object) -> None:
    text = json.dumps(header).encode()
    (tmp_path / "w.safetensors").write_bytes(len(text).to_bytes(8, "little") + text)
    with pytest.raises(ValueError, match="no whole safetensors file"):
        shapes(tmp_path / "w.safetensors")


def test_an_adapter_of_which_servers_leave_out_a_half_is_refused(tmp_path: Path) -> None:
    """Tensors of some layers under another prefix: vLLM loads such an adapter in part, and says "Success"."""
    folder = tmp_path / "a"
    folder.mkdir()
    tensors: dict[str, tuple[int, int]] = {}
    for n, prefix in ((0, ""), (1, "language_model.")):
        at = f"base_model.model.{prefix}model.layers.{n}.self_attn.q_proj"
        tensors |= {f"{at}.lora_A.weight": (4, 8), f"{at}.lora_B.weight": (16, 4)}
    weights(folder / "adapter_model.safetensors", tensors)
    (folder / "adapter_config.json").write_text("{}")
    (problem,) = adapter_problems(folder, base(tmp_path / "b"), "folder")
    assert "some of its tensors are called 'language_model.model.…' and others 'model.…'" in problem


def test_two_towers_of_a_base_are_two_parts(tmp_path: Path) -> None:
    names = [f"{tower}.layers.0.self_attn.q_proj" for tower in ("vision", "text")]
    (tmp_path / "b").mkdir()
    weights(tmp_path / "b" / "model.safetensors", {f"{name}.weight": (16, 8) for name in names})
    folder = adapter(tmp_path / "a")
    tensors = {f"base_model.model.{name}.lora_{half}.weight": (4, 8) if half == "A" else (16, 4)
               for name in names for half in "AB"}  # fmt: skip
    weights(folder / "adapter_model.safetensors", tensors)
    assert adapter_problems(folder, tmp_path / "b", "folder") == []


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({}, "it holds no tensors"),
        ({"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": (4, 8)}, "the other half is missing"),
    ],
)
def test_an_adapter_that_is_not_whole_is_refused(
    tmp_path: Path, tensors: dict[str, tuple[int, int]], said: str
) -> None:
    folder = adapter(tmp_path / "a")
    weights(folder / "adapter_model.safetensors", tensors)
    (problem,) = adapter_problems(folder, base(tmp_path / "b"), "folder")
    assert said in problem
