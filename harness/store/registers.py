"""Attempts and versions: lines that are only ever added, in a file beside the bundles first, then in the database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.store import files

if TYPE_CHECKING:
    import duckdb

_VERSION = ("number", "release", "adapter_digest", "base_digest", "decision", "stage", "created")
_ATTEMPT = ("number", "time", "release", "decision", "verdict", "runs", "candidate", "data")
_ATTEMPT_JSON = ("runs", "data")


def add_attempt(connection: duckdb.DuckDBPyConnection, file: Path, attempt: Mapping[str, object]) -> None:
    """Keep that a verdict was reached, in the file first: `time`, `release`, `decision`, `verdict`, `runs`, and beside
    them `candidate` (the adapter's digest) and `data` (the digests of the samples by "suite.task").

    Each time counts, also where the decision is one that was taken before.
    """
    files.append(file, {"number": load_attempts(connection, file) + 1, **attempt})
    load_attempts(connection, file)


def load_attempts(connection: duckdb.DuckDBPyConnection, file: Path) -> int:
    """Bring the attempts that stand in the file alone into the table; gives the highest number."""
    known = _numbers(connection, "attempts")
    for line in files.lines_of(file):
        if line["number"] not in known:
            texts = {name: json.dumps(line[name]) for name in _ATTEMPT_JSON if name in line}
            _insert(connection, "attempts", _ATTEMPT, {**dict.fromkeys(_ATTEMPT), **line, **texts})
    return max(_numbers(connection, "attempts"), default=0)


def add_version(
    connection: duckdb.DuckDBPyConnection, file: Path, release: str, adapter: str, base: str, decision: str,
    stage: str, now: str,
) -> int:  # fmt: skip
    """Record a version, in the file first; gives its number.

    The same adapter at the same stage by the same decision stays one version. Raises OutsideError where the file
    cannot be written; then nothing is recorded.
    """
    last = load_versions(connection, file)
    found = connection.execute(
        "SELECT number FROM versions WHERE release = ? AND adapter_digest = ? AND decision = ? AND stage = ?",
        [release, adapter, decision, stage],
    ).fetchone()
    if found:
        return int(found[0])
    files.append(file, dict(zip(_VERSION, (last + 1, release, adapter, base, decision, stage, now), strict=True)))
    return load_versions(connection, file)


def load_versions(connection: duckdb.DuckDBPyConnection, file: Path) -> int:
    """Make file and table hold the same versions; gives the highest number.

    Stores of the first format kept versions in the table alone: the file gets those.
    """
    kept, known = {line["number"]: line for line in files.lines_of(file)}, _numbers(connection, "versions")
    for number, line in kept.items():
        if number not in known:
            _insert(connection, "versions", _VERSION, line)
    for row in versions(connection):
        if row["number"] not in kept:
            files.append(file, row)
    return max(_numbers(connection, "versions"), default=0)


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...], line: Mapping[str, Any]
) -> None:
    places = ", ".join("?" for _ in columns)
    connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", [line[name] for name in columns]
    )


def _numbers(connection: duckdb.DuckDBPyConnection, table: str) -> set[int]:
    return {int(row[0]) for row in connection.execute(f"SELECT number FROM {table}").fetchall()}


def attempts(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The attempts of the database as their file has them, oldest first: those of older harnesses say less."""
    lines = (
        {name: value for name, value in row.items() if value is not None}
        for row in _rows(connection, "attempts", _ATTEMPT)
    )
    return [{**line, **{name: json.loads(line[name]) for name in _ATTEMPT_JSON if name in line}} for line in lines]


def known_attempts(connection: duckdb.DuckDBPyConnection, file: Path) -> list[dict[str, Any]]:
    """The attempts of the database and of the file, oldest first: one that only either of them has counts too."""
    found = {line["number"]: line for line in [*files.lines_of(file), *attempts(connection)]}
    return [found[number] for number in sorted(found)]


def versions(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The versions of the database as their file has them, oldest first."""
    return _rows(connection, "versions", _VERSION)


def _rows(connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY number").fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]
