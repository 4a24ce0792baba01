"""The training process is followed while it runs, and nothing of it outlives its caller."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.core.secrets import masked
from harness.trainers.axolotl import process
from harness.trainers.axolotl.progress import ProgressFile
from harness.trainers.interface import Progress
from tests.made_secrets import secrets

# Starts a grandchild, tells both process ids, ignores SIGTERM and waits for ever.
STUBBORN = """
import os, signal, subprocess, sys, threading
from harness.trainers.axolotl.child import die_with_parent
signal.signal(signal.SIGTERM, signal.SIG_IGN)
threading.Thread(target=die_with_parent, daemon=True).start()
grandchild = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
line = '{"time": %d, "phase": "train", "step": %d, "steps": 1}\\n' % (os.getpid(), grandchild.pid)
open(sys.argv[1], "w").write(line)
while True:
    signal.pause()
"""
CALLER = """
import os, sys
from pathlib import Path
from harness.trainers.axolotl import process
def tell(news):
    if news.phase == "train":
        print(news.step, flush=True)
folder = Path(sys.argv[1])
process.run([sys.executable, "-c", sys.argv[2], str(folder / "p")], os.environ, folder / "log", folder / "p", tell)
"""


def run(code: str, folder: Path, told: list[Progress]) -> int:
    command = [sys.executable, "-c", code, str(folder / "p")]
    return process.run(command, os.environ, folder / "log", folder / "p", told.append)


def gone(pid: int) -> bool:
    """Whether the process ends within ten seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 10)[0])
    finally:
        os.close(handle)


def test_progress_output_and_exit_code_come_back(tmp_path: Path) -> None:
    told: list[Progress] = []
    code = (
        "import json, sys; out = open(sys.argv[1], 'a'); print('hello')\n"
        "for step in (0, 1, 2): print(json.dumps("
        "{'time': step * 2.0, 'phase': 'train', 'step': step, 'steps': 4, 'loss': 3.0 - step}), file=out)\n"
        "out.close(); sys.exit(3)"
    )
    assert run(code, tmp_path, told) == 3
    assert (tmp_path / "log").read_text() == "hello\n"
    assert [(news.phase, news.step, news.loss) for news in told] == [
        ("prepare", 0, None),
        ("train", 0, 3.0),
        ("train", 1, 2.0),
        ("train", 2, 1.0),
    ]
    assert told[-1].seconds_left == 4.0


def test_an_interrupt_stops_the_whole_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE", 0.2)
    seen: list[int] = []

    def interrupt(news: Progress) -> None:
        if news.phase == "train":
            seen.append(news.step)
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    command = [sys.executable, "-c", STUBBORN, str(tmp_path / "p")]
    with pytest.raises(KeyboardInterrupt):
        process.run(command, os.environ, tmp_path / "log", tmp_path / "p", interrupt)
    line = json.loads((tmp_path / "p").read_text())
    assert gone(line["time"])
    assert gone(line["step"])
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_killed_caller_takes_the_group_with_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CALLER, str(tmp_path), STUBBORN]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as caller:
        assert caller.stdout is not None
        caller.stdout.readline()
        line = json.loads((tmp_path / "p").read_text())
        caller.kill()
    assert gone(line["time"])
    assert gone(line["step"])


def test_old_lines_are_skipped_and_half_lines_wait(tmp_path: Path) -> None:
    path = tmp_path / "p"
    line = '{"time": 1, "phase": "train", "step": 5, "steps": 9}\n'
    path.write_text(line)
    reader = ProgressFile(path)
    with path.open("a") as file:
        file.write(line[:20])
        file.flush()
        assert reader.news() == []
        file.write(line[20:])
    assert [news.step for news in reader.news()] == [5]
    assert reader.news() == []


def test_the_environment_is_offline_silent_and_repeatable() -> None:
    env = process.environment({"OMP_NUM_THREADS": "3", "HOME": "/h"}, track=False)
    assert env["AXOLOTL_DO_NOT_TRACK"] == env["DO_NOT_TRACK"] == env["HF_HUB_OFFLINE"] == "1"
    assert env["PYTHONHASHSEED"] == "0"
    assert env["OMP_NUM_THREADS"] == "3"
    assert env["WANDB_MODE"] == "disabled"
    assert "WANDB_MODE" not in process.environment({}, track=True)


def test_keys_in_its_log_are_masked_once_it_has_ended(tmp_path: Path) -> None:
    key = secrets()["hugging face"]
    assert run(f"print('step 1'); print({key!r})", tmp_path, []) == 0
    assert (tmp_path / "log").read_text() == f"step 1\n{masked(key)}\n"
