"""How many steps a training can have: an evaluation beyond them is told before the training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from harness.config.source import load_yaml
from harness.trainers.axolotl.steps import most_steps, never_evaluated

CONFIGS = Path(__file__).parents[2] / "axolotl_configs"


def rows(folder: Path, count: int, text: str = "a parcel is late") -> Path:
    file = folder / "train.jsonl"
    row = {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "shipping"}]}
    file.write_text("".join(json.dumps(row) + "\n" for _ in range(count)))
    return file


@pytest.mark.parametrize(
    ("config", "workers", "steps"),
    [
        ({}, 1, 100),
        ({"micro_batch_size": 4, "gradient_accumulation_steps": 2, "num_epochs": 3}, 1, 39),
        ({"micro_batch_size": 4}, 5, 5),
        ({"num_epochs": 3, "max_steps": 7}, 1, 7),
        ({"val_set_size": 0.1}, 1, 90),
        ({"num_epochs": "0.5"}, 1, 50),
    ],
)
def test_rows_batches_and_epochs_make_steps(
    tmp_path: Path, config: dict[str, object], workers: int, steps: int
) -> None:
    assert most_steps(config, rows(tmp_path, 100), workers) == steps


def test_packed_rows_make_fewer(tmp_path: Path) -> None:
    config = {"sample_packing": True, "sequence_len": 2048, "num_epochs": 3}
    assert most_steps(config, rows(tmp_path, 300), 1) == 33
    assert most_steps(config, rows(tmp_path, 300, "a long row " * 700), 1) == 900, "never more than unpacked"


@pytest.mark.parametrize("name", ["lora_8b", "qlora_8b", "lora_70b_deepspeed", "qlora_70b_fsdp"])
def test_the_shipped_configs_evaluate_however_few_rows_there_are(tmp_path: Path, name: str) -> None:
    data, file = rows(tmp_path, 200), CONFIGS / f"{name}.yaml"
    assert never_evaluated(load_yaml(file, name), {}, data, 1) is None
    old = never_evaluated(load_yaml(file, name), {"eval_steps": 50}, data, 1)
    assert old is not None, "what they had before"
    config = yaml.safe_load(file.read_text())
    assert config["eval_steps"] == config["save_steps"] < 1


def test_without_rows_nobody_can_tell(tmp_path: Path) -> None:
    file = tmp_path / "lora.yaml"
    file.write_text("eval_steps: 50\n")
    assert never_evaluated(load_yaml(file, "lora.yaml"), {}, tmp_path / "none.jsonl", 1) is None
