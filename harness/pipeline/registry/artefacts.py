"""The registry's own copies of adapters: whole, hashed and read-only, wherever their trainings went."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.base_models.folder import PICKLED
from harness.core.errors import ConfigError, Problem
from harness.core.ids import digest_file, short
from harness.core.json_files import json_object
from harness.pipeline.candidate import adapter_digest
from harness.pipeline.recipe import training_manifest
from harness.pipeline.workspace import Workspace
from harness.store.files import refused, sync_folder

_SAFE = "Only safetensors are taken: save the adapter with `save_pretrained(..., safe_serialization=True)`."
FILES = ("adapter_model.safetensors", "adapter_config.json")


def keep(workspace: Workspace, adapter: Path, digest: str) -> Path:
    """The registry's copy of an adapter, made where it is not there, or not as it was; gives its folder.

    What its training left about it is copied, too. Raises ConfigError where the adapter has not the bytes of `digest`,
    OutsideError where the disk refuses.
    """
    folder = workspace.adapter(digest)
    if not problems(folder, digest):
        return folder
    beside = folder.with_name(f".{folder.name}")
    try:
        manifest = [training_manifest(adapter)] if training_of(adapter) else []
        _copy(beside, [*(adapter / name for name in FILES), *manifest])
        found = problems(beside, digest)
        if found:
            raise ConfigError(found)
        _clear(folder)
        beside.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise refused(folder, error) from None
    finally:
        _clear(beside)
    return folder


def problems(folder: Path, digest: str) -> list[Problem]:
    """Why an adapter in a folder is not the one with this digest; nothing where it is, hashed in full."""
    shown = str(folder)
    if not folder.is_dir():
        return [Problem(f"the adapter {short(digest)} is not here.", file=shown)]
    pickled = pickled_weights(folder)
    if pickled:
        return [Problem(f"{pickled[0]} holds pickled weights, which can run code.", file=shown, hint=_SAFE)]
    try:
        found = adapter_digest(folder, shown)
    except ConfigError as error:
        return list(error.problems)
    if found != digest:
        return [Problem(f"the adapter was changed: it was {short(digest)}, and is {short(found)}.", file=shown)]
    return []


def pickled_weights(folder: Path) -> list[str]:
    """Names of files in an adapter's folder whose weights are pickled."""
    return sorted({path.name for pattern in PICKLED for path in folder.glob(f"adapter_model{pattern[1:]}")})


def training_of(adapter: Path) -> Mapping[str, Any]:
    """What the training left about an adapter; {} where it left nothing, or what is there tells of another one."""
    record = json_object(training_manifest(adapter))
    try:
        return record if "adapter" in record and record["adapter"] == digest_file(adapter / FILES[0]) else {}
    except OSError:
        return {}


def _copy(folder: Path, sources: list[Path]) -> None:
    _clear(folder)
    folder.mkdir(parents=True)
    for source in sources:
        target = folder / source.name
        shutil.copyfile(source, target)
        with target.open("rb") as file:
            os.fsync(file.fileno())
        target.chmod(0o444)
    sync_folder(folder)


def _clear(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)
