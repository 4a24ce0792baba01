"""Kills `harness promote` or `harness rollback` at each of its steps, and looks at the registry after each kill.

`python -m tests.pipeline.registry.killer PROJECT SCRATCH COMMAND …`: one child for each call that writes, renames or
waits for the disk; before that call (of a write: after half of it) the child kills itself. Then random times. Prints
the number of kills; anything that is not as it must be is an AssertionError.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb  # noqa: F401  (loaded once, before the children are made)

import harness.pipeline.promote  # noqa: F401
from harness.cli.main import main
from harness.core.versions import PRODUCTION
from harness.pipeline.registry.artefacts import problems
from harness.pipeline.registry.read import registry
from harness.pipeline.workspace import Workspace

STEPS = ("write", "fsync", "rename", "replace", "mkdir", "chmod", "ftruncate")


def die_at(step: int) -> None:
    """Every call of STEPS counts; at this one the process is gone."""
    left = [step]
    for name in STEPS:
        setattr(os, name, _counted(name, getattr(os, name), left))


def _counted(name: str, real: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    def call(*given: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            if name == "write":
                real(given[0], given[1][: len(given[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **named)

    return call


def child(words: list[str], step: int | None, seconds: float | None = None) -> bool:
    """Run a command in a process of its own; whether it was killed. Raises AssertionError where it failed."""
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if step is not None:
            die_at(step)
        os._exit(main(words))
    if seconds is not None:
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, -signal.SIGKILL), f"exit code {code}"
    return code != 0


def try_once(project: Path, scratch: Path, words: list[str], step: int | None, seconds: float | None = None) -> bool:
    """Kill once in a fresh copy, look, and run the command again to its end; whether it was killed."""
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(project, scratch)
    command = [words[0], "-f", str(scratch / "release.yaml"), *words[1:]]
    before = standing(scratch)
    killed = child(command, step, seconds)
    after = standing(scratch)
    again = None if words[0] == "rollback" and after != before else child(command, None)
    assert not again
    done = standing(scratch)
    assert done not in (None, before), (step, before, done)
    assert after in (before, done), (step, before, after)
    return killed


def standing(root: Path) -> int | None:
    """Which version is in production: just one, whose adapter is whole."""
    workspace = Workspace(root)
    known = registry(workspace, "r")
    there = [one.number for one in known.versions if known.stage_of(one.number) == PRODUCTION]
    assert len(there) == 1, there
    found = known.standing(PRODUCTION)
    assert found is not None
    assert not problems(workspace.adapter(found.adapter_digest), found.adapter_digest)
    return found.number


def kill_all(project: Path, scratch: Path, words: list[str], at_random: int) -> int:
    """How often the command was killed: at each step, and at random times."""
    step = 1
    while try_once(project, scratch, words, step):
        step += 1
    began = time.monotonic()
    try_once(project, scratch, words, None)
    longest, chosen = time.monotonic() - began, random.Random(7)
    return step - 1 + sum(try_once(project, scratch, words, None, chosen.uniform(0, longest)) for _ in range(at_random))


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.stdout.write(f"{kill_all(Path(given[0]), Path(given[1]), given[3:], int(given[2]))}\n")
