"""The resolved config holds this run's files and what the machine needs, and keeps what the user chose."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import yaml

from harness.trainers.axolotl import manifest
from harness.trainers.axolotl.check import check
from harness.trainers.axolotl.resolve import Config, resolve, write
from harness.trainers.interface import TrainRequest

CONFIGS = Path(__file__).parents[2] / "axolotl_configs"


def request_in(folder: Path, validation: bool = True) -> TrainRequest:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("train.jsonl", "validation.jsonl", "lora.yaml"):
        (folder / name).write_text('{"messages": []}\n')
    return TrainRequest(
        config=folder / "lora.yaml",
        base_model=folder / "model",
        base_digest="b" * 64,
        data=folder / "train.jsonl",
        validation=folder / "validation.jsonl" if validation else None,
        output=folder / "out",
        seed=7,
    )


def shipped(name: str) -> Config:
    value: Config = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())
    return value


def test_files_and_seed_are_this_runs(tmp_path: Path) -> None:
    resolved = resolve(shipped("lora"), request_in(tmp_path), "cpu")
    assert resolved["base_model"] == str(tmp_path / "model")
    assert resolved["seed"] == 7
    [rows], [validation] = resolved["datasets"], resolved["test_datasets"]  # type: ignore[misc]
    assert rows["path"] == str(tmp_path / "train.jsonl")
    assert rows["roles_to_train"] == ["assistant"]
    assert validation["path"] == str(tmp_path / "validation.jsonl")
    assert resolved["val_set_size"] == 0.0


def test_evaluations_and_checkpoints_fall_together_and_the_best_is_kept(tmp_path: Path) -> None:
    for own, pace in (
        ({"eval_steps": 15, "save_steps": 40}, 15),
        ({"num_epochs": 2, "evals_per_epoch": 2, "saves_per_epoch": 1}, 0.25),
        ({"num_epochs": 3}, 1 / 6),
        # Axolotl would read a share of 1 as: never.
        ({"num_epochs": 1, "evals_per_epoch": 1}, 0.999999),
        ({"num_epochs": 0.5, "evals_per_epoch": 1}, 0.999999),
    ):
        resolved = resolve({"adapter": "lora", **own}, request_in(tmp_path), "cpu")
        assert resolved["eval_steps"] == resolved["save_steps"] == pace
        assert resolved["evals_per_epoch"] is resolved["saves_per_epoch"] is None
        assert resolved["load_best_model_at_end"] is True
        assert resolved["save_total_limit"] == 2


def test_a_share_of_the_rows_validates_where_no_file_does(tmp_path: Path) -> None:
    config = shipped("lora") | {"val_set_size": 0.1}
    resolved = resolve(config, request_in(tmp_path, validation=False), "cpu")
    assert resolved["test_datasets"] is None
    assert resolved["val_set_size"] == 0.1
    assert resolved["load_best_model_at_end"] is True
    without = resolve({"adapter": "lora"}, request_in(tmp_path, validation=False), "cpu")
    assert "load_best_model_at_end" not in without


def test_a_cpu_gets_no_gpu_settings(tmp_path: Path) -> None:
    config = shipped("qlora") | {"optimizer": "adamw_torch_fused", "attn_implementation": "auto", "torch_compile": True}
    resolved = resolve(config, request_in(tmp_path), "cpu")
    assert resolved["bf16"] is resolved["lora_mlp_kernel"] is resolved["sample_packing"] is False
    assert resolved["optimizer"] == "adamw_torch"
    assert resolved["attn_implementation"] == "sdpa"
    assert "torch_compile" not in resolved
    assert not any("CpuDdp" in str(name) for name in resolved["plugins"])  # type: ignore[attr-defined]
    several = resolve(config, request_in(tmp_path), "cpu", workers=2)
    assert "harness.trainers.axolotl.plugins.CpuDdp" in several["plugins"]  # type: ignore[operator]
    assert "harness.trainers.axolotl.plugins.BnbCpu" in resolved["plugins"]  # type: ignore[operator]


def test_a_gpu_keeps_the_users_settings(tmp_path: Path) -> None:
    config = shipped("qlora") | {"optimizer": "paged_adamw_8bit", "flash_attention": True, "plugins": ["a.Own"]}
    resolved = resolve(config, request_in(tmp_path), "cuda")
    assert resolved["bf16"] == "auto"
    assert resolved["optimizer"] == "paged_adamw_8bit"
    assert resolved["flash_attention"] is True
    assert "attn_implementation" not in resolve({"attn_implementation": "auto"}, request_in(tmp_path), "cuda")
    names = [str(name).rpartition(".")[2] for name in resolved["plugins"]]  # type: ignore[attr-defined]
    assert names == ["Own", "Seed", "Progress"]


@pytest.mark.parametrize("name", ["lora", "qlora"])
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_what_is_written_passes_the_same_check(tmp_path: Path, name: str, device: str) -> None:
    path = tmp_path / "resolved.yaml"
    write(resolve(shipped(name), request_in(tmp_path), device), path)
    assert check(path, "resolved.yaml") == []
    assert "&id" not in path.read_text()


def test_equal_inputs_at_another_place_are_equal(tmp_path: Path) -> None:
    def described(folder: Path, **changes: object) -> dict[str, object]:
        request = request_in(folder)
        return manifest.inputs(request, resolve(shipped("lora") | changes, request, "cpu"), "cpu")

    here = described(tmp_path / "here")
    assert here == described(tmp_path / "there")
    assert str(tmp_path) not in json.dumps(here)
    assert here != described(tmp_path / "here", lora_r=32)


def test_a_changed_row_is_another_input(tmp_path: Path) -> None:
    request = request_in(tmp_path)
    before = manifest.inputs(request, {}, "cpu")
    request.data.write_text('{"messages": [1]}\n')
    assert manifest.inputs(request, {}, "cpu") != before


def test_all_checkpoints_stay_where_they_are_to_be_compared(tmp_path: Path) -> None:
    request = dataclasses.replace(request_in(tmp_path), checkpoints=True)
    assert int(str(resolve({**shipped("lora"), "save_total_limit": 1}, request, "cpu")["save_total_limit"])) > 1000
