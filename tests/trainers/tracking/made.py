"""A training that takes no time, for what is told of it; and a real MLflow server."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.core.errors import OutsideError, Problem
from harness.core.trainings import Track
from harness.trainers.interface import Adapter, Progress, TrainRequest
from harness.trainers.tracking import teller

HISTORY = [{"step": 0, "validation_loss": 3.0}, *({"step": step, "loss": 3.0 / step} for step in (1, 2, 3))]


@dataclass
class Trainer:
    """Leaves what Axolotl's trainer leaves, and tells the steps of HISTORY."""

    fails: bool = False
    pause: float = 0.0

    def check(self, config: Path, shown_as: str) -> list[Problem]:
        return []

    def train(self, request: TrainRequest, on_progress: Callable[[Progress], None]) -> Adapter:
        finished = (request.output / "manifest.json").is_file()
        for entry in () if finished else HISTORY:
            time.sleep(self.pause)
            on_progress(Progress("train", int(entry["step"]), 3, entry.get("loss"), entry.get("validation_loss")))
        if self.fails:
            raise OutsideError("the loss rose")
        request.output.mkdir(parents=True, exist_ok=True)
        (request.output / "resolved.yaml").write_text(
            f"learning_rate: 0.002\nlora_r: 8\nbase_model: /somewhere/model\ndeepspeed: /somewhere/zero.json\n"
            f"note: {SECRET}\n"
        )
        (request.output / "manifest.json").write_text(json.dumps(MANIFEST))
        return Adapter(request.output / "adapter", "a" * 64, "b" * 64, request.output / "manifest.json")


SECRET = "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH"
MANIFEST = {
    "key": "k" * 64,
    "digests": {"base": "b" * 64, "data": "d" * 64, "validation": None},
    "versions": {"python": "3.11", "torch": None},
    "seed": 42,
    "adapter": "a" * 64,
    "history": HISTORY,
    "wall_seconds": 12.5,
    "energy_joules": None,
    "best_step": 3,
}


def request(folder: Path, track: Track | None) -> TrainRequest:
    """A training that is told as `track` says."""
    return TrainRequest(folder / "c.yaml", folder, "b" * 64, folder / "d", None, folder / "0123456789abcdef",
                        track=track, name="tiny")  # fmt: skip


def free_port() -> int:
    """One that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """The address of a real MLflow server with a database of its own."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db",
               "--artifacts-destination", str(folder / "artifacts"), "--host", "127.0.0.1", "--port", str(port),
               "--workers", "1"]  # fmt: skip
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **quiet}, start_new_session=True)
    try:
        _wait(f"{address}/health", server)
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, 9)
        server.wait()


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        time.sleep(0.2)
    raise AssertionError("the server did not start")


def wait_for_tellers(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """So long a child gets to tell the rest, after a success and after a failure."""
    monkeypatch.setattr(teller, "PATIENCE", seconds)
    monkeypatch.setattr("harness.trainers.tracking.train.FAILED_PATIENCE", seconds)
    monkeypatch.setattr(teller.Teller.end, "__kwdefaults__", {"patience": seconds})
