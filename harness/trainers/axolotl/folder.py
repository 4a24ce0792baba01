"""A run's own folder: what of it can be gone on with, and how its adapter is taken out of it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.core.errors import OutsideError
from harness.core.json_files import json_object
from harness.trainers.axolotl.resolve import CHECKPOINTS

RUN_FILE = "run.json"
ADAPTERS = "adapters"
LEFT = (
    RUN_FILE, "manifest.json", "resolved.yaml", "train.log", "training.html", "adapter", ADAPTERS, "prepared",
    CHECKPOINTS,
)  # fmt: skip
# The trainer writes its state last, so a checkpoint that has it is whole.
WHOLE = (
    "adapter_model.safetensors",
    "adapter_config.json",
    "optimizer.pt",
    "scheduler.pt",
    "trainer_state.json",
)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One training run a folder at a time. Raises OutsideError where another process has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutsideError(f"Another training run is at work in {folder}.") from None
        yield


def open_run(folder: Path, key: str) -> dict[str, Any]:
    """What is known of the run with this key; what another run left here is removed."""
    run = json_object(folder / RUN_FILE)
    if run.get("key") != key:
        for name in LEFT:
            _remove(folder / name)
        run = {"key": key, "started": None, "seconds": 0.0, "exit_code": None}
    return run


def save_run(folder: Path, run: dict[str, Any]) -> None:
    """Remember it for a later call."""
    part = folder / f".{RUN_FILE}.{os.getpid()}"
    part.write_text(json.dumps(run), encoding="utf-8")
    part.replace(folder / RUN_FILE)


def drop_half_checkpoints(checkpoints: Path) -> None:
    """A run killed while saving leaves a checkpoint that cannot be gone on from."""
    for found in checkpoints.glob("checkpoint-*"):
        whole = all((found / name).is_file() for name in WHOLE)
        if not whole or not json_object(found / "trainer_state.json"):
            shutil.rmtree(found)


def take_adapter(source: Path, folder: Path) -> Path:
    """Copy the weights and their config, nothing else, and take this machine's path out of the config."""
    work, target = folder / ".adapter", folder / "adapter"
    _remove(work)
    work.mkdir(parents=True)
    shutil.copyfile(source / "adapter_model.safetensors", work / "adapter_model.safetensors")
    config = json.loads((source / "adapter_config.json").read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = None
    text = json.dumps(config, indent=2, sort_keys=True)
    (work / "adapter_config.json").write_text(text + "\n", encoding="utf-8")
    _remove(target)
    work.rename(target)
    return target


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
