"""A child is looked after while it runs, and nothing of it outlives its caller."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.core.secrets import masked
from harness.launchers import environment
from harness.launchers._children import follow
from tests.made_secrets import secrets

# Starts a grandchild, tells both process ids, ignores SIGTERM and waits for ever.
STUBBORN = """
import os, signal, subprocess, sys
from harness.launchers._life import watch_parent
signal.signal(signal.SIGTERM, signal.SIG_IGN)
watch_parent()
grandchild = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
open(sys.argv[1] + ".part", "w").write(f"{os.getpid()} {grandchild.pid}")
os.rename(sys.argv[1] + ".part", sys.argv[1])
while True:
    signal.pause()
"""
CALLER = """
import os, sys
from pathlib import Path
from harness.launchers._children import follow
told = Path(sys.argv[1])
def look():
    if told.exists():
        print("there", flush=True)
follow([sys.executable, "-c", sys.argv[2], str(told)], os.environ, told.with_name("log"), look)
"""


def run(code: str, folder: Path) -> int:
    return follow([sys.executable, "-c", code], os.environ, folder / "log", lambda: None)


def gone(pid: str) -> bool:
    """Whether the process ends within ten seconds."""
    try:
        handle = os.pidfd_open(int(pid))
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 60)[0])
    finally:
        os.close(handle)


def test_output_and_exit_code_come_back_and_it_is_looked_after_to_the_end(tmp_path: Path) -> None:
    seen: list[str] = []
    code = "import sys; print('hello'); open(sys.argv[1], 'w').write('last'); sys.exit(3)"
    note = tmp_path / "note"
    look = lambda: seen.append(note.read_text() if note.exists() else "")  # noqa: E731
    assert follow([sys.executable, "-c", code, str(note)], os.environ, tmp_path / "log", look) == 3
    assert (tmp_path / "log").read_text() == "hello\n"
    assert seen[-1] == "last"


def test_an_interrupt_stops_the_whole_group(tmp_path: Path) -> None:
    told = tmp_path / "p"

    def interrupt() -> None:
        if told.exists():
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        follow([sys.executable, "-c", STUBBORN, str(told)], os.environ, tmp_path / "log", interrupt, 0.2)
    assert all(gone(pid) for pid in told.read_text().split())
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_killed_caller_takes_the_group_with_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CALLER, str(tmp_path / "p"), STUBBORN]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as caller:
        assert caller.stdout is not None
        caller.stdout.readline()
        pids = (tmp_path / "p").read_text().split()
        caller.kill()
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


def test_the_environment_is_offline_silent_and_repeatable() -> None:
    env = environment({"OMP_NUM_THREADS": "3", "HOME": "/h"}, track=False)
    assert env["AXOLOTL_DO_NOT_TRACK"] == env["DO_NOT_TRACK"] == env["HF_HUB_OFFLINE"] == "1"
    assert env["PYTHONHASHSEED"] == "0"
    assert env["OMP_NUM_THREADS"] == "3"
    assert env["OMP_WAIT_POLICY"] == "PASSIVE"
    assert env["WANDB_MODE"] == "disabled"
    assert "WANDB_MODE" not in environment({}, track=True)


def test_several_processes_share_the_cores() -> None:
    cores = len(os.sched_getaffinity(0))
    assert environment({}, track=False)["OMP_NUM_THREADS"] == str(cores)
    assert environment({}, track=False, processes=2)["OMP_NUM_THREADS"] == str(max(1, cores // 2))
    assert environment({}, track=False, processes=64 * cores)["OMP_NUM_THREADS"] == "1"


def test_keys_in_its_log_are_masked_once_it_has_ended(tmp_path: Path) -> None:
    key = secrets()["hugging face"]
    assert run(f"print('step 1'); print({key!r})", tmp_path) == 0
    assert (tmp_path / "log").read_text() == f"step 1\n{masked(key)}\n"


def test_the_training_process_needs_no_package_but_pyyaml() -> None:
    """Elsewhere there is Axolotl's environment only."""
    code = (
        "import sys, harness.trainers.axolotl.child; "
        "print({name.split('.')[0] for name in sys.modules if name[0] != '_'} - sys.stdlib_module_names)"
    )
    asked = [sys.executable, "-S", "-c", f"import sys; sys.path += {[p for p in sys.path if p]!r}; {code}"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert eval(done.stdout) - {"cython_runtime"} <= {"harness", "yaml"}
