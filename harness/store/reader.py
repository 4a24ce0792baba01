"""What comes out of the database."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

from harness.core.runs import Run, TaskResult
from harness.store import records

_SCORES = "SELECT task, sample_id, metric, value, part, reason FROM scores WHERE run = ? ORDER BY rowid"


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A stored decision in one line."""

    id: str
    release: str
    verdict: str
    decided: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version in one line."""

    number: int
    release: str
    adapter_digest: str
    base_digest: str
    decision: str
    stage: str
    created: str


def runs(connection: duckdb.DuckDBPyConnection, ids: Iterable[str] | None = None) -> list[Run]:
    """The stored runs (all, or those asked for), oldest first."""
    wanted = None if ids is None else list(ids)
    rows = connection.execute(
        "SELECT manifest FROM runs WHERE ? IS NULL OR list_contains(?, id) ORDER BY started, id", [wanted, wanted]
    ).fetchall()
    return [records.run_from_json(json.loads(row[0])) for row in rows]


def results(connection: duckdb.DuckDBPyConnection, run: str) -> tuple[TaskResult, ...]:
    """The tasks of a run, everything in the samples' order."""
    samples = _by_task(
        connection, 'SELECT task, id, "row", target, "group", slices FROM samples WHERE run = ? ORDER BY position', run
    )
    outputs = _by_task(connection, _in_order("outputs"), run)
    answers = _by_task(connection, _in_order("answers"), run)
    scores = _by_task(connection, _SCORES, run)
    return tuple(
        TaskResult(
            task,
            tuple(records.sample_from_json(_parsed(row, "row", "target", "slices")) for row in rows),
            tuple(records.output_from_json(row) for row in outputs.get(task, [])),
            tuple(records.answer_from_json(_parsed(row, "value")) for row in answers.get(task, [])),
            tuple(records.score_from_json(row) for row in scores.get(task, [])),
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


def versions(connection: duckdb.DuckDBPyConnection, release: str | None = None) -> list[VersionRow]:
    """The versions, newest first."""
    rows = connection.execute(
        "SELECT number, release, adapter_digest, base_digest, decision, stage, created FROM versions "
        "WHERE ? IS NULL OR release = ? ORDER BY number DESC",
        [release, release],
    ).fetchall()
    return [VersionRow(*row) for row in rows]


def _in_order(table: str) -> str:
    fields = {
        "outputs": "text, finish_reason, prompt_tokens, generated_tokens, latency, choices, error",
        "answers": "outcome, value, reason",
    }[table]
    named = ", ".join(f"t.{field}" for field in fields.split(", "))
    return (
        f"SELECT t.task, t.sample_id, {named} FROM {table} t JOIN samples s "
        "ON s.run = t.run AND s.task = t.task AND s.id = t.sample_id WHERE t.run = ? ORDER BY s.position"
    )


def _by_task(connection: duckdb.DuckDBPyConnection, query: str, run: str) -> dict[str, list[dict[str, Any]]]:
    cursor = connection.execute(query, [run])
    names = [column[0] for column in cursor.description or ()]
    found: dict[str, list[dict[str, Any]]] = {}
    for row in cursor.fetchall():
        value = dict(zip(names, row, strict=True))
        found.setdefault(value.pop("task"), []).append(value)
    return found


def _parsed(row: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {**row, **{key: None if row[key] is None else json.loads(row[key]) for key in keys}}
