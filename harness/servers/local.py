"""The embedded server as a child process: loopback only, any free port, gone when we are."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, ClassVar

from harness import __version__
from harness.core.errors import OutsideError
from harness.core.samples import Json
from harness.servers._children import Child, last_words, started
from harness.servers._ports import refuse_taken
from harness.servers.interface import Artefacts, Endpoint

START_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Local:
    """`threads` None: all cores. `port` 0: any free one."""

    starts_here: ClassVar[bool] = True

    threads: int | None = None
    max_batch_size: int = 32
    dtype: str = "float32"
    port: int = 0

    def identity(self) -> Mapping[str, Json]:
        """Batch size and threads do not change answers beyond rounding; version and type of the weights may."""
        return {"kind": "local", "version": __version__, "dtype": self.dtype}

    def check(self) -> None:
        """Raises OutsideError where the port is taken; starts nothing."""
        refuse_taken(self.port, "local")

    @contextmanager
    def running(self, artefacts: Artefacts) -> Iterator[Endpoint]:
        """Start, wait until it is ready, and stop it again."""
        self.check()
        with started("the local server", self._command(artefacts), artefacts.log, guarded=False) as child:
            names = {adapter.digest: adapter.name for adapter in artefacts.adapters}
            yield Endpoint(_wait(child), names, dtype=self.dtype, watch=child.ended)

    def _command(self, artefacts: Artefacts) -> list[str]:
        command = [sys.executable, "-m", "harness.embedded", "--base", str(artefacts.base)]
        for adapter in artefacts.adapters:
            command += ["--adapter", f"{adapter.name}={adapter.folder}"]
        command += ["--port", str(self.port), "--dtype", self.dtype, "--max-batch-size", str(self.max_batch_size)]
        command += ["--threads", str(self.threads)] if self.threads else []
        return [*command, "--parent-pid", str(os.getpid())]


def _wait(child: Child) -> str:
    """The URL from the server's one line of standard output."""
    lines: queue.Queue[bytes] = queue.Queue()
    assert child.process.stdout is not None
    threading.Thread(target=_drain, args=(child.process.stdout, lines), daemon=True).start()
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            event = json.loads(lines.get(timeout=0.2))
            return str(event["url"])
        except queue.Empty:
            child.refuse_ended()
        except (ValueError, KeyError, TypeError):
            continue
    raise OutsideError(f"the local server was not ready after {START_SECONDS:.0f} s. {last_words(child.log)}")


def _drain(stream: IO[bytes], lines: queue.Queue[bytes]) -> None:
    with stream:
        for line in stream:
            lines.put(line)
