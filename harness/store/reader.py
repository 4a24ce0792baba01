"""What comes out of the database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from harness.core.runs import Run, TaskResult
from harness.store import records
from harness.store.parquet import PIECE
from harness.store.parts import COLUMNS, names

if TYPE_CHECKING:
    import duckdb

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A stored decision in one line."""

    id: str
    release: str
    verdict: str
    decided: str


def runs(connection: duckdb.DuckDBPyConnection, ids: Iterable[str] | None = None) -> list[Run]:
    """The stored runs (all, or those asked for), oldest first."""
    wanted = None if ids is None else list(ids)
    rows = connection.execute(
        "SELECT manifest FROM runs WHERE ? IS NULL OR list_contains(?, id) ORDER BY started, id", [wanted, wanted]
    ).fetchall()
    return [records.run_from_json(json.loads(row[0])) for row in rows]


def count_samples(connection: duckdb.DuckDBPyConnection, run: str, task: str) -> int:
    """How many samples a task of a run has."""
    found = connection.execute("SELECT count(*) FROM samples WHERE run = ? AND task = ?", [run, task]).fetchone()
    return int(found[0]) if found else 0


def run_ids(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The ids of the stored runs."""
    return {str(row[0]) for row in connection.execute("SELECT id FROM runs").fetchall()}


def results(connection: duckdb.DuckDBPyConnection, run: str) -> tuple[TaskResult, ...]:
    """The tasks of a run, everything in the samples' order."""
    samples = _by_task(connection, "samples", run, records.sample_from_json)
    outputs = _by_task(connection, "outputs", run, records.output_from_json)
    answers = _by_task(connection, "answers", run, records.answer_from_json)
    scores = _by_task(connection, "scores", run, records.score_from_json)
    return tuple(
        TaskResult(
            task, tuple(rows), tuple(outputs.get(task, ())), tuple(answers.get(task, ())), tuple(scores.get(task, ()))
        )
        for task, rows in samples.items()
    )


def decisions(connection: duckdb.DuckDBPyConnection, release: str | None = None) -> list[DecisionRow]:
    """The stored decisions, newest first."""
    rows = connection.execute(
        "SELECT id, release, verdict, decided FROM decisions WHERE ? IS NULL OR release = ? "
        "ORDER BY decided DESC, rowid DESC",
        [release, release],
    ).fetchall()
    return [DecisionRow(*row) for row in rows]


def decision(connection: duckdb.DuckDBPyConnection, prefix: str) -> dict[str, Any] | None:
    """The record of the one decision whose id starts so; None where there is none or more than one."""
    rows = connection.execute("SELECT record FROM decisions WHERE starts_with(id, ?)", [prefix]).fetchall()
    return dict(json.loads(rows[0][0])) if len(rows) == 1 else None


def decision_records(connection: duckdb.DuckDBPyConnection, release: str, newest: int) -> list[dict[str, Any]]:
    """The records of a release's newest decisions, newest first."""
    rows = connection.execute(
        "SELECT record FROM decisions WHERE release = ? ORDER BY decided DESC, rowid DESC LIMIT ?", [release, newest]
    ).fetchall()
    return [dict(json.loads(row[0])) for row in rows]


def _by_task(
    connection: duckdb.DuckDBPyConnection, part: str, run: str, reader: Callable[[Mapping[str, Any]], _Row]
) -> dict[str, list[_Row]]:
    columns = COLUMNS[part]
    cursor = connection.execute(f"SELECT {names(part)} FROM {part} WHERE run = ? ORDER BY position", [run])
    parsed = [column.name for column in columns if column.type == "JSON"]
    found: dict[str, list[_Row]] = {}
    while rows := cursor.fetchmany(PIECE):
        for row in rows:
            value = {column.name: given for column, given in zip(columns, row, strict=True)}
            for name in parsed:
                value[name] = None if value[name] is None else json.loads(value[name])
            found.setdefault(value.pop("task"), []).append(reader(value))
    return found
