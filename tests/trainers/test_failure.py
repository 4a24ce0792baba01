"""A training that failed leaves its curve, and the cause that its log names."""

from __future__ import annotations

import json
from pathlib import Path

from harness.trainers.axolotl.failure import cause, told


def test_the_history_comes_from_the_progress_file(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    lines = [
        {"step": 1, "loss": 3.0}, {"step": 2, "loss": 9.0}, {"step": 2, "loss": 2.0},
        {"step": 2, "validation_loss": 2.5}, {"step": 3, "loss": float("nan")},
    ]  # fmt: skip
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"step": 4, "lo'
    (tmp_path / "checkpoints/progress.jsonl").write_text(text)
    found = told(tmp_path, "Training failed: x.\nmore")
    assert found == {
        "history": [{"step": 1, "loss": 3.0}, {"step": 2, "loss": 2.0, "validation_loss": 2.5}],
        "warnings": ["Training failed: x."],
    }


def test_without_any_loss_there_is_nothing_to_draw(tmp_path: Path) -> None:
    assert told(tmp_path, "why") is None


def test_a_cause_that_the_log_names_is_said_in_words(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    assert cause(log) == ("", False)
    log.write_text("ValueError: num_samples=0\n")
    assert cause(log)[0].startswith("no training row was left")
    assert cause(log)[1], "the same rows would fail again"
    log.write_text("torch.OutOfMemoryError: CUDA out of memory\n")
    assert "micro_batch_size" in cause(log)[0]
    assert not cause(log)[1]
    log.write_text("Segmentation fault\n")
    assert cause(log) == ("", False)
