"""Runs the training process to its end, tells its progress, and lets no part of it outlive the caller."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from harness.core.secrets import mask_file
from harness.trainers.axolotl.progress import ProgressFile
from harness.trainers.interface import Progress

TICK = 0.5  # seconds between two looks at the progress file
GRACE = 5.0  # seconds between SIGTERM and SIGKILL

OnProgress = Callable[[Progress], None]


def run(command: Sequence[str], env: Mapping[str, str], log: Path, progress: Path, on_progress: OnProgress) -> int:
    """The exit code of `command`; its output is appended to `log`, where keys are masked once it has ended.

    Its standard input is a pipe that ends with this process, so that it can notice. Where Ctrl-C or SIGTERM comes,
    its whole process group is stopped and KeyboardInterrupt goes on.
    """
    reader = ProgressFile(progress)
    on_progress(Progress("prepare"))
    with _sigterm_interrupts(), _masked_at_last(log), log.open("ab") as out:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(env),
            start_new_session=True,
        )
        try:
            running = True
            while running:
                running = _runs(child)
                for news in reader.news():
                    on_progress(news)
        finally:
            _stop(child)
    return child.returncode


@contextlib.contextmanager
def _masked_at_last(log: Path) -> Iterator[None]:
    try:
        yield
    finally:
        mask_file(log)


def environment(outer: Mapping[str, str], track: bool) -> dict[str, str]:
    """The caller's environment, made offline, silent and repeatable; `track` leaves trackers on."""
    package_root = str(Path(__file__).resolve().parents[3])
    paths = [package_root, *filter(None, [outer.get("PYTHONPATH")])]
    fixed = {
        # Without the first two, a run without network hangs for minutes after its end.
        "AXOLOTL_DO_NOT_TRACK": "1", "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1",
        "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1", "TOKENIZERS_PARALLELISM": "false",
        # Worker processes would each load everything again, even for saving a few rows.
        "AXOLOTL_DATASET_NUM_PROC": outer.get("AXOLOTL_DATASET_NUM_PROC", "0"),
        "OMP_NUM_THREADS": outer.get("OMP_NUM_THREADS") or str(_cores()),
        "PYTHONPATH": os.pathsep.join(paths),
    }  # fmt: skip
    if not track:
        fixed |= {"WANDB_MODE": "disabled", "COMET_MODE": "DISABLED"}
    return {**outer, **fixed}


def _cores() -> int:
    """Those that this process may use, where the system can say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _runs(child: subprocess.Popen[bytes]) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(TICK)
    return child.returncode is None


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End what is left of the group: its leader gently first, then whatever remains."""
    if child.returncode is None:
        _signal_group(child.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE)
    _signal_group(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdin:
        child.stdin.close()


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


@contextlib.contextmanager
def _sigterm_interrupts() -> Iterator[None]:
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
