"""One harness at a time in a project: two would train the same adapter twice and write into one bundle."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from harness.core.errors import OutsideError
from harness.pipeline.workspace import Workspace


@contextmanager
def locked(workspace: Workspace, name: str = "lock", other: str = "another harness") -> Iterator[None]:
    """Hold the project for the block. Raises OutsideError naming the process that holds it.

    `name` is the lock's file, `other` what holds it: the registry has a lock of its own, as a rollback cannot wait
    for a training.
    """
    try:
        workspace.state.mkdir(parents=True, exist_ok=True)
        file = (workspace.state / name).open("a+", encoding="utf-8")
    except OSError as error:
        raise OutsideError(f"cannot write in {workspace.state}: {error.strerror}.") from None
    with file:
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
