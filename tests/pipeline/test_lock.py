"""One harness at a time in a project, whatever became of the last one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.core.errors import OutsideError
from harness.pipeline.lock import locked
from harness.pipeline.workspace import Workspace
from tests.projects import ENVIRONMENT

HOLD = """
import sys
from pathlib import Path
from harness.pipeline.lock import locked
from harness.pipeline.workspace import Workspace
with locked(Workspace(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_who_holds_the_project_until_it_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=ENVIRONMENT, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(OutsideError, match=rf"another harness \(process {other.pid}\)"),
            locked(Workspace(tmp_path)),
        ):
            pytest.fail("the lock was taken twice")
        with locked(Workspace(tmp_path / "another")):
            pass  # projects do not wait for each other
        other.send_signal(signal.SIGKILL)
    with locked(Workspace(tmp_path)):
        assert (tmp_path / ".harness/lock").read_text() == str(os.getpid())


def test_an_error_inside_gives_the_lock_back(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(Workspace(tmp_path)):
        raise ZeroDivisionError
    with locked(Workspace(tmp_path)), pytest.raises(OutsideError), locked(Workspace(tmp_path)):
        pytest.fail("the lock was taken twice")


def test_a_place_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / ".harness").write_text("")
    with pytest.raises(OutsideError, match="cannot write in"), locked(Workspace(tmp_path)):
        pytest.fail("there is no lock")
