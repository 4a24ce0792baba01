"""Work spread over processes: the same results in the same order, and no process stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from harness.metrics import _processes
from harness.metrics._processes import spread
from harness.metrics._rouge import f_measures
from tests.metrics.test_texts import varied
from tests.projects import ENVIRONMENT

PROGRAM = """
import signal
import sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from tests.metrics.test_processes import slow
from harness.metrics import _processes
_processes._cores = lambda: 2
if __name__ == "__main__":
    _processes.spread(slow, [text for text in sys.argv[1:] for _ in range(250)], -1.0)
"""


def squares(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Each square, with the process that made it."""
    return [(number * number, os.getpid()) for number in numbers]


def slow(folders: Sequence[str]) -> list[None]:
    """Leaves a file named by the process, and takes so many seconds as stand behind the folder."""
    folder, _, seconds = folders[0].partition(":")
    Path(folder, str(os.getpid())).touch()
    time.sleep(float(seconds))
    return [None] * len(folders)


def fails(numbers: Sequence[int]) -> list[int]:
    if 1000 in numbers:
        raise ValueError("the number 1000")
    return list(numbers)


def test_every_result_stands_in_its_items_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_processes, "_cores", lambda: 2)
    found = spread(squares, range(2_600), -1.0)
    assert [square for square, _ in found] == [number * number for number in range(2_600)]
    assert [process == os.getpid() for _, process in found] == [True] * 500 + [False] * 2_100


@pytest.mark.parametrize("n", [0, 1, 250, 251, 500, 501, 1_300])
def test_little_work_is_done_here(n: int) -> None:
    assert spread(squares, range(n), 60.0) == [(number * number, os.getpid()) for number in range(n)]


def test_an_error_of_a_worker_is_an_error_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_processes, "_cores", lambda: 2)
    with pytest.raises(ValueError, match="the number 1000"):
        spread(fails, range(2_000), -1.0)


def test_rouge_by_many_processes_is_rouge_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rouge_score")
    monkeypatch.setattr(_processes, "_cores", lambda: 2)
    work, pairs = partial(f_measures, "rougeL", True), varied(1_100)
    assert spread(work, pairs, 0.0) == work(pairs)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("end", "begun"), [(signal.SIGINT, 3), (signal.SIGINT, 1), (signal.SIGKILL, 3)], ids=["busy", "starting", "killed"]
)
def test_no_worker_outlives_ctrl_c_or_a_kill(tmp_path: Path, end: signal.Signals, begun: int) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "seen").mkdir()
    process = subprocess.Popen(
        [sys.executable, "program.py", *["seen:0.5"] * 400], cwd=tmp_path, env=ENVIRONMENT, stderr=subprocess.PIPE,
        start_new_session=True, text=True,
    )  # fmt: skip
    seen = tmp_path / "seen"  # by the parent first, then by both workers
    _wait(lambda: len(list(seen.iterdir())) >= begun and len(_children(process.pid)) == 3, 240)
    started = _children(process.pid)  # two workers, and one of multiprocessing's own
    if end is signal.SIGINT:
        os.killpg(process.pid, end)  # as a terminal does: to all of them
    else:
        process.kill()
    _, errors = process.communicate(timeout=60)
    _wait(lambda: not any(_lives(child) for child in started), 30)
    if end is signal.SIGINT:
        assert errors.count("Traceback") == 1, "only the parent tells of it"
        assert errors.rstrip().endswith("KeyboardInterrupt")


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _wait(condition: object, seconds: float) -> None:
    limit = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < limit, "it took too long"
        time.sleep(0.05)


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
