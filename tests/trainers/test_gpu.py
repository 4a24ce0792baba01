"""What needs a GPU is refused where there is none, with the key and its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config.source import load_yaml
from harness.core.errors import ConfigError
from harness.core.trainings import LauncherSpec
from harness.launchers.process import device_here
from harness.trainers.axolotl import AxolotlTrainer
from harness.trainers.axolotl.gpu import problems
from harness.trainers.interface import TrainRequest

CONFIGS = Path(__file__).parents[2] / "axolotl_configs"
GOOD = "base_model: a\nadapter: lora\n"


def told(tmp_path: Path, text: str, **settings: object) -> list[str]:
    (tmp_path / "lora.yaml").write_text(GOOD + text)
    return [str(problem) for problem in problems(load_yaml(tmp_path / "lora.yaml", "lora.yaml"), settings)]


@pytest.mark.parametrize(
    "line",
    [
        "bf16: true", "bf16: full", "fp16: true", "tf32: true", "flash_attention: true", "sample_packing: true",
        "attn_implementation: flash_attention_2", "deepspeed: zero2.json", "fsdp_config: {offload_params: true}",
        "optimizer: paged_adamw_8bit", "optimizer: adamw_bnb_8bit", "load_in_8bit: true", "tensor_parallel_size: 2",
    ],
)  # fmt: skip
def test_a_key_for_gpus_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    [problem] = told(tmp_path, line)
    assert problem.startswith("lora.yaml:3: ")
    assert f"'{line.split(':')[0]}: " in problem
    assert "needs a GPU, and there is none here. Train on a machine with a GPU" in problem


@pytest.mark.parametrize(
    "line",
    [
        "bf16: auto", "bf16: false", "tf32: auto", "attn_implementation: auto", "attn_implementation: sdpa",
        "attn_implementation: eager", "optimizer: adamw_torch_fused", "sample_packing: false",
        "gradient_checkpointing: true", "deepspeed:", "tensor_parallel_size: 1", "load_in_4bit: true",
        "flash_attention: false",
    ],
)  # fmt: skip
def test_what_a_cpu_can_do_is_not(tmp_path: Path, line: str) -> None:
    assert told(tmp_path, line) == []


def test_a_setting_counts_in_the_place_of_the_files_key(tmp_path: Path) -> None:
    assert told(tmp_path, "bf16: true", bf16=False) == []
    [problem] = told(tmp_path, "", bf16=True)
    assert problem.startswith("'bf16: True' needs a GPU")


@pytest.mark.parametrize(
    ("name", "good"), [("lora", True), ("qlora", True), ("lora_8b", False), ("qlora_70b_fsdp", False)]
)
def test_the_shipped_configs(name: str, good: bool) -> None:
    assert (list(problems(load_yaml(CONFIGS / f"{name}.yaml"), {})) == []) is good


@pytest.mark.skipif(device_here() != "cpu", reason="there is a GPU here")
def test_a_training_for_gpus_is_refused_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "lora.yaml").write_text(GOOD + "bf16: true\n")
    (tmp_path / "rows.jsonl").write_text("{}\n")
    request = TrainRequest(
        tmp_path / "lora.yaml", tmp_path, "b", tmp_path / "rows.jsonl", None, tmp_path / "run",
        launcher=LauncherSpec("process", {"processes": 1}),
    )  # fmt: skip
    with pytest.raises(ConfigError, match=r"lora.yaml:3: 'bf16: True' needs a GPU"):
        AxolotlTrainer().train(request, lambda news: None)
    assert not (tmp_path / "run").exists()
