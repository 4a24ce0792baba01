"""Attempts, versions and moves: lines that are only ever added, in files first, then in the database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.store import files

if TYPE_CHECKING:
    import duckdb

_VERSION = (
    "number", "release", "adapter_digest", "base_digest", "decision", "stage", "created", "digests", "provenance",
    "parent",
)  # fmt: skip
_MOVE = ("number", "release", "version", "stage", "why", "decision", "time", "by", "share", "note")
_ATTEMPT = ("number", "time", "release", "decision", "verdict", "runs", "candidate", "data")
_JSON = ("runs", "data", "digests", "provenance")


def add_attempt(connection: duckdb.DuckDBPyConnection, file: Path, attempt: Mapping[str, object]) -> None:
    """Keep that a verdict was reached, in the file first: `time`, `release`, `decision`, `verdict`, `runs`, and beside
    them `candidate` (the adapter's digest) and `data` (the digests of the samples by "suite.task").

    Each time counts, also where the decision is one that was taken before.
    """
    files.append(file, {"number": load_attempts(connection, file) + 1, **attempt})
    load_attempts(connection, file)


def load_attempts(connection: duckdb.DuckDBPyConnection, file: Path) -> int:
    """Bring the attempts that stand in the file alone into the table; gives the highest number."""
    return _load(connection, "attempts", _ATTEMPT, file)


def load_registry(connection: duckdb.DuckDBPyConnection, versions: Path, moves: Path) -> None:
    """Make files and tables hold the same versions and moves.

    Stores of the first format kept versions in the table alone: the file gets those. A rollback writes the file alone.
    """
    for table, columns, file in (("versions", _VERSION, versions), ("moves", _MOVE, moves)):
        _load(connection, table, columns, file)
        kept = {line["number"] for line in files.lines_of(file)}
        for row in _rows(connection, table, columns):
            if row["number"] not in kept:
                files.append(file, row)


def registry_is_behind(connection: duckdb.DuckDBPyConnection, versions: Path, moves: Path) -> bool:
    """Whether a file has lines that its table lacks."""
    tables = (("versions", versions), ("moves", moves))
    return any({line["number"] for line in files.lines_of(file)} - _numbers(connection, table)
               for table, file in tables)  # fmt: skip


def _load(connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...], file: Path) -> int:
    known = _numbers(connection, table)
    for line in files.lines_of(file):
        if line["number"] not in known:
            texts = {name: json.dumps(line[name]) for name in _JSON if name in line}
            _insert(connection, table, columns, {**dict.fromkeys(columns), **line, **texts})
    return max(_numbers(connection, table), default=0)


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...], line: Mapping[str, Any]
) -> None:
    places, quoted = ", ".join("?" for _ in columns), ", ".join(f'"{name}"' for name in columns)
    connection.execute(f"INSERT INTO {table} ({quoted}) VALUES ({places})", [line[name] for name in columns])


def _numbers(connection: duckdb.DuckDBPyConnection, table: str) -> set[int]:
    return {int(row[0]) for row in connection.execute(f"SELECT number FROM {table}").fetchall()}


def attempts(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The attempts of the database as their file has them, oldest first: those of older harnesses say less."""
    return _rows(connection, "attempts", _ATTEMPT)


def known_attempts(connection: duckdb.DuckDBPyConnection, file: Path) -> list[dict[str, Any]]:
    """The attempts of the database and of the file, oldest first: one that only either of them has counts too."""
    found = {line["number"]: line for line in [*files.lines_of(file), *attempts(connection)]}
    return [found[number] for number in sorted(found)]


def versions(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The versions of the database as their file has them, oldest first: those of older harnesses have a stage."""
    return _rows(connection, "versions", _VERSION)


def moves(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The moves of the database as their file has them, oldest first."""
    return _rows(connection, "moves", _MOVE)


def _rows(connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    quoted = ", ".join(f'"{name}"' for name in columns)
    rows = connection.execute(f"SELECT {quoted} FROM {table} ORDER BY number").fetchall()
    lines = ({name: value for name, value in zip(columns, row, strict=True) if value is not None} for row in rows)
    return [{**line, **{name: json.loads(line[name]) for name in _JSON if name in line}} for line in lines]
