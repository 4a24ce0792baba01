"""The database's tables for other programs: as files, and as the rows of a query."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from harness.core.errors import ConfigError, OutsideError
from harness.store.database import first_line, opened
from harness.store.parquet import PIECE
from harness.store.parts import COLUMNS

FORMATS = {
    "parquet": "FORMAT parquet, COMPRESSION zstd",
    "csv": "FORMAT csv, HEADER true",
    "jsonl": "FORMAT json, ARRAY false",
}
# A spreadsheet runs a cell that begins so, unless it is a number. Both patterns are RE2's and Python's alike.
_FORMULA = "^[=+@＝＋－＠\\t\\r\\n-]"
_NUMBER = "^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$"
# What is not of one run.
_SHARED = {"runs": "started, id", "decisions": "decided, id", "attempts": "number", "versions": "number",
           "moves": "number"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """What a query gave: the columns' names, and the rows as they are fetched."""

    columns: tuple[str, ...]
    rows: Iterator[Sequence[object]]


def export_run(connection: duckdb.DuckDBPyConnection, prefix: str, folder: Path, kind: str) -> Path:
    """Write the run whose id starts so: samples, outputs, answers and scores in a folder of its own.

    Raises ConfigError where no run, or more than one, starts so; OutsideError where the disk refuses.
    """
    rows = connection.execute("SELECT id, manifest FROM runs WHERE starts_with(id, ?)", [prefix]).fetchall()
    if len(rows) != 1:
        raise ConfigError(f"no single run starts with '{prefix}'. `harness status` lists the runs.")
    identity, manifest = str(rows[0][0]), str(rows[0][1])
    target = folder / identity[:16]
    for part in COLUMNS:
        query = f"SELECT * EXCLUDE (position) FROM {part} WHERE run = '{identity}' ORDER BY position"
        _write(connection, query, target / f"{part}.{kind}", kind)
    (target / "run.json").write_text(json.dumps(json.loads(manifest), indent=1, ensure_ascii=False), encoding="utf-8")
    return target


def export_all(connection: duckdb.DuckDBPyConnection, folder: Path, kind: str) -> Path:
    """Write every run, and the tables of runs, decisions, attempts, versions and moves. Raises OutsideError."""
    for table, order in _SHARED.items():
        _write(connection, f"SELECT * FROM {table} ORDER BY {order}", folder / f"{table}.{kind}", kind)
    for (identity,) in connection.execute("SELECT id FROM runs ORDER BY started, id").fetchall():
        export_run(connection, identity, folder, kind)
    return folder


def _write(connection: duckdb.DuckDBPyConnection, query: str, path: Path, kind: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        query = _without_formulas(connection, query) if kind == "csv" else query
        connection.execute(f"COPY ({query}) TO $path ({FORMATS[kind]})", {"path": str(path)})
    except (OSError, duckdb.IOException) as error:
        raise OutsideError(f"cannot write {path}: {first_line(error)}") from None


def without_formula(value: object) -> object:
    """A cell of CSV: a text that a spreadsheet would run gets a `'` before it, all else stays."""
    runs = isinstance(value, str) and re.search(_FORMULA, value) and not re.search(_NUMBER, value)
    return f"'{value}" if runs else value


def _without_formulas(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """The query with its columns of texts as `without_formula` gives them."""
    picked = []
    for name, kind, *_ in connection.execute(f"DESCRIBE {query}").fetchall():
        column = f'"{name}"'
        text = f"CAST({column} AS VARCHAR)"
        runs = f"regexp_matches({text}, '{_FORMULA}') AND NOT regexp_matches({text}, '{_NUMBER}')"
        defused = f"CASE WHEN {runs} THEN chr(39) || {text} ELSE {text} END AS {column}"
        picked.append(defused if kind in ("VARCHAR", "JSON") else column)
    return f"SELECT {', '.join(picked)} FROM ({query})"


def query(store: Path, sql: str) -> Table:
    """Run a query that reads the store and nothing else: no other file, no network, no change.

    Raises ConfigError with DuckDB's words for what it refuses. The store is open until the rows are fetched.
    """
    rows = _fetched(store, sql)
    return Table(tuple(str(name) for name in next(rows)), rows)


def _fetched(store: Path, sql: str) -> Iterator[Sequence[object]]:
    """The columns' names first, then the rows."""
    with opened(store, read_only=True, sealed=True) as connection:
        try:
            cursor = connection.execute(sql)
            yield tuple(column[0] for column in cursor.description or ())
            while cursor.description and (rows := cursor.fetchmany(PIECE)):
                yield from rows
        except duckdb.Error as error:
            raise ConfigError(f"the query cannot be run: {first_line(error)}") from None
