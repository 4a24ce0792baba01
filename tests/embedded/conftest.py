"""One tiny model, two adapters and one running server for the whole folder."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("peft")
pytest.importorskip("fastapi")

from tests.tiny import make_tiny_adapter, make_tiny_model

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Folders:
    base: Path
    adapters: dict[str, Path]

    @property
    def arguments(self) -> list[str]:
        named = [("--adapter", f"{name}={folder}") for name, folder in self.adapters.items()]
        return ["--base", str(self.base), *(part for pair in named for part in pair)]


@dataclass(frozen=True)
class Server:
    url: str
    process: subprocess.Popen[str]


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    root = tmp_path_factory.mktemp("models")
    base = make_tiny_model(root / "tiny-base")
    adapters = {name: make_tiny_adapter(base, root / name, seed) for seed, name in enumerate(("red", "blue"), 1)}
    return Folders(base, adapters)


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    """The real server process; its stdout is the ready line."""
    return subprocess.Popen(
        [sys.executable, "-m", "harness.embedded", "--threads", "1", "--parent-pid", str(os.getpid()), *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextlib.contextmanager
def running(*arguments: str, **environment: str) -> Iterator[Server]:
    """A server that has said it is ready; stopped at the end whatever happens."""
    process = start(*arguments, **environment)
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield Server(json.loads(line)["url"], process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def server(folders: Folders) -> Iterator[Server]:
    with running(*folders.arguments, "--max-total-tokens", "256") as started:
        yield started
