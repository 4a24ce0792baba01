"""Rows in Parquet: written and read by DuckDB, a piece at a time."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from harness.core.errors import OutsideError
from harness.store.files import sync_folder, write_lines
from harness.store.parts import rows_of

PIECE = 5_000
# One thread keeps the order of rows and the memory small; more are no faster for a file of a few dozen MB.
CONFIG: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "memory_limit": "128MB"}


def write_parquet(path: Path, part: str, lines: Iterable[bytes]) -> None:
    """Write lines of JSON as Parquet, whole or not at all; equal lines give equal bytes. Raises OutsideError."""
    import duckdb

    rows, beside = path.with_name(path.name + ".jsonl"), path.with_name(path.name + ".new")
    write_lines(rows, lines)
    try:
        with contextlib.closing(duckdb.connect(config=CONFIG)) as connection:
            query = f"SELECT * EXCLUDE (position) FROM ({rows_of(part, rows)})"
            connection.execute(f"COPY ({query}) TO $path (FORMAT parquet, COMPRESSION zstd)", {"path": str(beside)})
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    except (OSError, duckdb.IOException) as error:
        raise OutsideError(f"cannot write {path}: {str(error).splitlines()[0]}. Run again.") from None
    finally:
        rows.unlink(missing_ok=True)
        beside.unlink(missing_ok=True)


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a part's file in order, by column."""
    import duckdb

    if path.suffix != ".parquet":
        with path.open("rb") as file:
            yield from map(json.loads, file)
        return
    with contextlib.closing(duckdb.connect(config=CONFIG)) as connection:
        cursor = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in cursor.description or ()]
        while rows := cursor.fetchmany(PIECE):
            yield from (dict(zip(names, row, strict=True)) for row in rows)
