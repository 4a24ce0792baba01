"""A child that tells a tracker what it reads as JSON lines, and that can neither fail nor hold up who writes them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.core.samples import Json
from harness.core.secrets import mask_file
from harness.trainers.tracking.places import Place, environment

PATIENCE = 30.0  # seconds that a child gets to tell the rest
SHOWN = 160  # characters of what a child said last
Warn = Callable[[str], None]


class Teller:
    """The child of one place. What goes wrong is told once, by `warn`."""

    def __init__(self, place: Place, run: Mapping[str, Json], log: Path, warn: Warn) -> None:
        self._place, self._warn, self._log, self._told = place, warn, log, False
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as out:
            self._child = subprocess.Popen(
                # -P: a file in the project's folder must not stand in for a package of the same name.
                [sys.executable, "-P", "-m", place.module],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=environment(os.environ),
                start_new_session=True,
            )
        assert self._child.stdin is not None
        self._pipe = self._child.stdin
        os.set_blocking(self._pipe.fileno(), False)
        self.say({**place.head, **run})

    def say(self, line: Mapping[str, Json]) -> None:
        """Pass on a line at once or not at all: a child that does not read holds nobody up."""
        try:
            os.write(self._pipe.fileno(), _line(line))
        except BlockingIOError:
            self._complain("it does not keep up, and not every step was told")
        except BrokenPipeError:
            self._complain(self._last_words())

    def end(self, *lines: Mapping[str, Json], patience: float = PATIENCE) -> bool:
        """Say the rest, and wait until all is told. False where it was not, which is told too."""
        try:
            self._child.communicate(b"".join(map(_line, lines)), timeout=patience)
        except subprocess.TimeoutExpired:
            self._complain(f"it did not take everything within {patience:.0f} s")
        finally:
            self._stop()
            mask_file(self._log)
        if self._child.returncode != 0:
            self._complain(self._last_words())
        return not self._told

    def _stop(self) -> None:
        """Its helpers, too: Weights & Biases leaves one behind when its process is killed."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        with contextlib.suppress(BrokenPipeError):
            self._pipe.close()

    def _complain(self, reason: str) -> None:
        if not self._told:
            self._told = True
            self._warn(f"{self._place.title} was not told everything: {reason}.")

    def _last_words(self) -> str:
        mask_file(self._log)
        lines = [line for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        said = lines[-1].strip()[:SHOWN].rstrip(".") if lines else "its child ended"
        return f"{said} (the whole log: {self._log})"


def _line(value: Mapping[str, Json]) -> bytes:
    return json.dumps(dict(value), allow_nan=False).encode() + b"\n"
