"""Runs a command to its end, looks after it meanwhile, and lets no part of it outlive the caller."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from harness.core.secrets import mask_file
from harness.launchers.interface import Look

TICK = 0.5  # seconds between two looks
GRACE = 5.0  # seconds between SIGTERM and SIGKILL


def follow(
    command: Sequence[str],
    env: Mapping[str, str],
    log: Path,
    look: Look,
    seconds: float = GRACE,
    cwd: Path | None = None,
) -> int:
    """The exit code of `command`; its output is appended to `log`, where keys are masked once it has ended.

    Its standard input is a pipe that ends with this process, so that it can notice. Where Ctrl-C or SIGTERM comes,
    its whole process group is stopped (gently for `seconds`) and KeyboardInterrupt goes on.
    """
    with sigterm_interrupts(), _masked_at_last(log), log.open("ab") as out:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )
        try:
            running = True
            while running:
                running = _runs(child)
                look()
        finally:
            stop(child, seconds)
    return child.returncode


def stop(child: subprocess.Popen[bytes], seconds: float = GRACE) -> None:
    """End what is left of the child's group: its leader gently first, then whatever remains."""
    if child.returncode is None:
        _signal_group(child.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
    _signal_group(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdin:
        child.stdin.close()


@contextlib.contextmanager
def _masked_at_last(log: Path) -> Iterator[None]:
    try:
        yield
    finally:
        mask_file(log)


def _runs(child: subprocess.Popen[bytes]) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(TICK)
    return child.returncode is None


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


@contextlib.contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """SIGTERM means what Ctrl-C means, for as long as a child runs. Only the main thread may say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
