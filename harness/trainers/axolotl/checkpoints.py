"""The adapters of all checkpoints, each in a folder that looks like a training's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.core.ids import digest_file
from harness.trainers.axolotl import folder, manifest
from harness.trainers.axolotl.resolve import CHECKPOINTS


def keep(output: Path, value: Mapping[str, object]) -> None:
    """Take the adapter of every whole checkpoint out of a run; `value` is the run's manifest but for the adapter."""
    for checkpoint in sorted((output / CHECKPOINTS).glob("checkpoint-*")):
        if not (checkpoint / "adapter_model.safetensors").is_file():
            continue
        step = int(checkpoint.name.partition("-")[2])
        home = output / folder.ADAPTERS / f"step-{step}"
        adapter = folder.take_adapter(checkpoint, home)
        digest = digest_file(adapter / "adapter_model.safetensors")
        manifest.write(home, {**value, "adapter": digest, "best_step": step})
