"""The embedded server as a child process: loopback only, any free port, gone when we are."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness import __version__
from harness.core.errors import OutsideError
from harness.core.samples import Json
from harness.core.secrets import mask_file, masked
from harness.servers.interface import Artefacts, Endpoint

START_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Local:
    """`threads` None: all cores. `port` 0: any free one."""

    threads: int | None = None
    max_batch_size: int = 32
    dtype: str = "float32"
    port: int = 0

    def identity(self) -> Mapping[str, Json]:
        """Batch size and threads do not change answers beyond rounding; version and type of the weights may."""
        return {"kind": "local", "version": __version__, "dtype": self.dtype}

    @contextmanager
    def running(self, artefacts: Artefacts) -> Iterator[Endpoint]:
        """Start, wait until it is ready, and stop it again."""
        artefacts.log.parent.mkdir(parents=True, exist_ok=True)
        with artefacts.log.open("wb") as log:
            process = self._start(artefacts, log)
            try:
                names = {adapter.digest: adapter.name for adapter in artefacts.adapters}
                yield Endpoint(_wait(process, artefacts.log), names, dtype=self.dtype)
            finally:
                _stop(process)
                mask_file(artefacts.log)

    def _start(self, artefacts: Artefacts, log: IO[bytes]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "harness.embedded", "--base", str(artefacts.base)]
        for adapter in artefacts.adapters:
            command += ["--adapter", f"{adapter.name}={adapter.folder}"]
        command += ["--port", str(self.port), "--dtype", self.dtype, "--max-batch-size", str(self.max_batch_size)]
        command += ["--threads", str(self.threads)] if self.threads else []
        command += ["--parent-pid", str(os.getpid())]
        # A group of its own: Ctrl-C reaches us alone, and we stop the server when its answers are safe.
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip


def _wait(process: subprocess.Popen[bytes], log: Path) -> str:
    """The URL from the server's one line of standard output."""
    lines: queue.Queue[bytes] = queue.Queue()
    assert process.stdout is not None
    threading.Thread(target=_drain, args=(process.stdout, lines), daemon=True).start()
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            event = json.loads(lines.get(timeout=0.2))
            return str(event["url"])
        except queue.Empty:
            if process.poll() is not None:
                raise OutsideError(f"the local server ended before it was ready. {last_words(log)}") from None
        except (ValueError, KeyError, TypeError):
            continue
    raise OutsideError(f"the local server was not ready after {START_SECONDS:.0f} s. {last_words(log)}")


def _drain(stream: IO[bytes], lines: queue.Queue[bytes]) -> None:
    with stream:
        for line in stream:
            lines.put(line)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=8)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def last_words(log: Path, lines: int = 3) -> str:
    """The last lines that a child wrote, for an error message."""
    try:
        words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-lines:]
    except OSError:
        words = []
    return f"Its last words ({log}): {masked(' | '.join(words)) or 'none'}"
