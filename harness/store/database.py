"""The DuckDB database beside the bundles: short-lived connections, so that two processes get along."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.errors import OutsideError
from harness.store.migrations import STEPS, check, migrate
from harness.store.parquet import CONFIG

if TYPE_CHECKING:
    import duckdb

WAIT_SECONDS = 30.0


class StoreLocked(OutsideError):
    """Another process has the database open and did not let go of it."""


@contextmanager
def opened(
    path: Path, read_only: bool = False, sealed: bool = False, wait: float | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for a moment. Raises StoreLocked, OutsideError.

    Waits up to `wait` seconds (None: 30) for another process, then names it.

    A store of an earlier harness is brought to today's tables first. `sealed`: queries reach nothing but the store.
    """
    connection = _connect(path, read_only, sealed, WAIT_SECONDS if wait is None else wait)
    try:
        yield connection
    finally:
        connection.close()


def _connect(path: Path, read_only: bool, sealed: bool, wait: float) -> duckdb.DuckDBPyConnection:
    import duckdb

    config = CONFIG | ({"enable_external_access": False, "lock_configuration": True} if sealed else {})
    until = time.monotonic() + wait
    while True:
        try:
            if not read_only:
                _create(path)
            connection = duckdb.connect(str(path), read_only=read_only, config=config)
            if _is_ready(connection, read_only):
                return connection
            _connect(path, read_only=False, sealed=False, wait=wait).close()
        except duckdb.IOException as error:
            holder = _holder(str(error))
            if holder is None:
                raise OutsideError(f"the store {path} cannot be opened: {first_line(error)}") from None
            if time.monotonic() > until:
                raise StoreLocked(
                    f"the store {path}: another process holds it, {holder}. Wait for it to end, or stop it."
                ) from None
            time.sleep(0.1)
        except duckdb.Error as error:
            raise OutsideError(f"the store {path} cannot be used: {first_line(error)}") from None
        except OSError as error:
            raise OutsideError(f"the store {path} cannot be opened: {error.strerror}.") from None


def _create(path: Path) -> None:
    """Make the database whole or not at all: DuckDB cannot open one whose first pages were not written."""
    import duckdb

    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="store-", ignore_cleanup_errors=True) as folder:
        beside = Path(folder) / path.name
        with duckdb.connect(str(beside), config=CONFIG) as connection:
            migrate(connection)
        with suppress(FileExistsError):  # another process was quicker
            os.link(beside, path)


def _is_ready(connection: duckdb.DuckDBPyConnection, read_only: bool) -> bool:
    """Whether the tables are today's. Closes the connection where they are not, or where something is wrong."""
    ready = False
    try:
        ready = (check if read_only else migrate)(connection) == len(STEPS)
    finally:
        if not ready:
            connection.close()
    return ready


def _holder(message: str) -> str | None:
    """Who holds the lock, from DuckDB's message; None where the message is about something else."""
    if "lock" not in message.lower():
        return None
    found = re.search(r"\(PID (\d+)\)", message)
    if found is None:
        return first_line(message)
    command = ""
    with suppress(OSError):
        words = Path(f"/proc/{found[1]}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        command = " ".join([Path(words[0]).name, *words[1:]]).strip()[:80]
    return f"process {found[1]} ({command})" if command else f"process {found[1]}"


def first_line(error: Exception | str) -> str:
    """DuckDB's message without the lines that point into the query."""
    return str(error).strip().splitlines()[0][:300]
