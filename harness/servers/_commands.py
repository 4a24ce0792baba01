"""Commands that serve: whether they are here, which version, and what they must not be told."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from harness.core.devices import has_gpu
from harness.core.errors import ConfigError, OutsideError
from harness.core.json_files import json_object
from harness.servers.interface import Adapter

Gpus = Literal["all", "none"] | tuple[int, ...]
_SECONDS = 300.0  # vLLM imports all of torch to say its version


def found(command: str, kind: str) -> str:
    """The path of a command. Raises OutsideError where it is not here."""
    path = shutil.which(command)
    if path is None:
        raise OutsideError(f"serve.{kind} needs the command '{command}', which is not on the PATH. Install it first.")
    return path


@cache
def version_of(path: str) -> str:
    """What `PATH --version` says, in one line. Raises OutsideError."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OutsideError(f"`{path} --version` failed: {error}") from None
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        words = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise OutsideError(f"`{path} --version` failed with exit code {done.returncode}: {words}")
    return lines[-1].strip()


def refuse_no_gpu(gpus: Gpus, kind: str) -> None:
    """Raises OutsideError where GPUs are wanted and none is here."""
    if gpus != "none" and not has_gpu():
        wanted = "GPUs" if gpus == "all" else f"the GPUs {', '.join(map(str, gpus))}"
        raise OutsideError(
            f"serve.{kind} wants {wanted}, and this machine has none. Serve where there is one, or set `gpus: none` "
            "for a build that runs on the CPU."
        )


def refuse_options(options: Sequence[str], own: Iterable[str], kind: str) -> None:
    """Raises ConfigError for an option that harness sets itself: of two, a server may heed either."""
    taken = sorted({option.split("=")[0] for option in options} & set(own))
    if taken:
        raise ConfigError(f"serve.{kind}.options: harness sets {', '.join(taken)} itself; leave it out.")


def refuse_names(adapters: Iterable[Adapter], base: str) -> None:
    """Raises ConfigError for an adapter whose name or folder the server would misread as something else."""
    for adapter in adapters:
        if adapter.name == base:
            raise ConfigError(f"no adapter can be called '{base}': the server's base model is. Give it another name.")
        if set(f"{adapter.name}{adapter.folder.resolve()}") & set(",=@:"):
            raise ConfigError(
                f"the adapter '{adapter.name}' in {adapter.folder} cannot be named to the server: neither name nor "
                "path may hold a comma, a colon, = or @."
            )


def refuse_ranks(adapters: Iterable[Adapter], most: int, key: str) -> None:
    """Raises ConfigError for an adapter of a higher rank than the server takes, which would end it while it starts."""
    for adapter in adapters:
        rank = _rank(adapter.folder)
        if rank > most:
            raise ConfigError(
                f"the adapter '{adapter.name}' in {adapter.folder} has rank {rank}, and the server takes {most} at "
                f"most ({key}). Set {key} to {rank} or more."
            )


def _rank(folder: Path) -> int:
    """The highest rank of an adapter's layers; 0 where its config does not tell."""
    config = json_object(folder / "adapter_config.json")
    try:
        return max([int(config["r"]), *map(int, (config.get("rank_pattern") or {}).values())])
    except (ValueError, KeyError, TypeError, AttributeError):
        return 0


def devices(gpus: Gpus) -> dict[str, str]:
    """The environment variable that leaves a process the GPUs it is to use."""
    if gpus == "all":
        return {}
    return {"CUDA_VISIBLE_DEVICES": "" if gpus == "none" else ",".join(map(str, gpus))}
