"""Stand-ins for the commands that serve, on the PATH of a test."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.servers import _commands

ROOT = Path(__file__).parents[2]
NAMES = ("text-generation-launcher", "docker", "vllm")


@dataclass(frozen=True)
class StandIns:
    """The folder that they talk through."""

    folder: Path

    def call(self, name: str) -> dict[str, Any]:
        """The last call that served: its words and its environment."""
        found: dict[str, Any] = json.loads((self.folder / f"{name}.json").read_text())
        return found

    @property
    def server(self) -> int:
        """The process that answers."""
        return int((self.folder / "server.pid").read_text())

    def set(self, name: str, text: str = "") -> None:
        (self.folder / name).write_text(text)


def put_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> StandIns:
    """Every stand-in, in `folder`/bin."""
    for name in NAMES:
        script = folder / "bin" / name
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT}/tests/servers/stand_in.py" {name} "$@"\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("STAND_IN", str(folder))
    _commands.version_of.cache_clear()
    return StandIns(folder)


def is_gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
