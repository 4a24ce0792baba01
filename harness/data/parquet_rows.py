"""Parquet files by DuckDB: their rows as a stream, each value as JSON would hold it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from harness.config.rows import Row
from harness.data.packed import Unreadable

if TYPE_CHECKING:
    import duckdb

_AT_ONCE = 2_048
_MEMORY = "512MB"
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_AS_JSON = frozenset({"VARCHAR", "BOOLEAN", "FLOAT", "DOUBLE", *_INTEGERS})
# What may stand inside lists and structs and has no place in JSON; a field that is only named so costs a moment.
_ODD = re.compile(r"\b(DATE|TIME\w*|DECIMAL|BLOB|UUID|INTERVAL|MAP|U?HUGEINT|BIT|UNION)\b")


def parquet_rows(path: Path) -> Iterator[Row]:
    """The rows, numbered from 1. Dates and other values that JSON lacks come as text.

    Raises Unreadable where the file is no whole Parquet file.
    """
    import duckdb

    with duckdb.connect(config={"memory_limit": _MEMORY, "threads": 2}) as connection:
        try:
            names, odd = _select(connection, path)
            number = 0
            while found := connection.fetchmany(_AT_ONCE):
                for values in found:
                    number += 1
                    value = dict(zip(names, values, strict=True))
                    yield Row(number, orjson.loads(orjson.dumps(value, default=str)) if odd else value)
        except duckdb.Error as error:
            reason = str(error).splitlines()[0].replace(str(path), path.name)[:200]
            raise Unreadable(f"this is no whole Parquet file: {reason}.", "Make or fetch it anew.") from None


def _select(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[list[str], bool]:
    """Start to read all columns; their names, and whether values are to be made JSON."""
    # A path with * or ? would be read as a pattern.
    source = re.sub(r"([*?\[])", r"[\1]", str(path))
    connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [source])
    columns = [(str(name), str(kind)) for name, kind, *_ in connection.fetchall()]
    nested = [kind for _, kind in columns if kind.endswith(("]", ")")) and not kind.startswith("DECIMAL")]
    terms = []
    for name, kind in columns:
        quoted = '"' + name.replace('"', '""') + '"'
        terms.append(quoted if kind in _AS_JSON or kind in nested else f"CAST({quoted} AS VARCHAR)")
    connection.execute(f"SELECT {', '.join(terms)} FROM read_parquet(?)", [source])
    return [name for name, _ in columns], any(map(_ODD.search, nested))
