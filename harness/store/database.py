"""The DuckDB database beside the bundles: short-lived connections, so that two processes get along."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from harness.core.errors import OutsideError
from harness.store.migrations import check, migrate

WAIT_SECONDS = 30.0


@contextmanager
def opened(path: Path, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for a moment. Waits up to 30 s for another process, then names it. Raises OutsideError."""
    connection = _connect(path, read_only)
    try:
        yield connection
    finally:
        connection.close()


def _connect(path: Path, read_only: bool) -> duckdb.DuckDBPyConnection:
    if not read_only:
        path.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return _prepared(duckdb.connect(str(path), read_only=read_only), read_only)
        except duckdb.IOException as error:
            locked = "lock" in str(error).lower()
            if not locked or time.monotonic() > until:
                reason = "another process holds it" if locked else "it cannot be opened"
                raise OutsideError(f"the store {path}: {reason}. {_first_line(error)}") from None
            time.sleep(0.1)
        except duckdb.Error as error:
            raise OutsideError(f"the store {path} cannot be used: {_first_line(error)}") from None


def _prepared(connection: duckdb.DuckDBPyConnection, read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        (check if read_only else migrate)(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300]
