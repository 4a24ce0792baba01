"""One harness at a time in a project: two would train the same adapter twice and write into one bundle."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from harness.core.errors import OutsideError
from harness.pipeline.workspace import Workspace


@contextmanager
def taking_turns(workspace: Workspace) -> Iterator[None]:
    """Wait for the moment in which another release of the project writes what all of them share, then hold it.

    Raises OutsideError where the folder can't be written to.
    """
    with _open(workspace, "turns.lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _open(workspace: Workspace, name: str) -> TextIO:
    try:
        workspace.state.mkdir(parents=True, exist_ok=True)
        return (workspace.state / name).open("a+", encoding="utf-8")
    except OSError as error:
        raise OutsideError(f"cannot write in {workspace.state}: {error.strerror}.") from None


@contextmanager
def locked(workspace: Workspace, name: str = "lock", other: str = "another harness") -> Iterator[None]:
    """Hold the project for the block. Raises OutsideError naming the process that holds it.

    `name` is the lock's file, `other` what holds it: the registry has a lock of its own, as a rollback cannot wait
    for a training.
    """
    with _open(workspace, name) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            message = f"{other} (process {holder}) is at work in this project. Wait for it, or stop it."
            raise OutsideError(message) from None
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield
