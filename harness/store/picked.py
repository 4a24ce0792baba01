"""A few samples of a stored task, with all that belongs to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from harness.core.runs import TaskResult
from harness.store import records
from harness.store.parts import COLUMNS, names

if TYPE_CHECKING:
    import duckdb

_Row = TypeVar("_Row")


def picked(connection: duckdb.DuckDBPyConnection, run: str, task: str, ids: Sequence[str]) -> TaskResult:
    """The samples of these ids, in the run's order, with outputs and answers; without scores."""
    where = [run, task, list(ids)]
    samples = _rows(connection, "samples", "id", where, records.sample_from_json)
    outputs = _rows(connection, "outputs", "sample_id", where, records.output_from_json)
    answers = _rows(connection, "answers", "sample_id", where, records.answer_from_json)
    return TaskResult(task, tuple(samples), tuple(outputs), tuple(answers), ())


def _rows(
    connection: duckdb.DuckDBPyConnection, part: str, key: str, where: Sequence[object],
    reader: Callable[[Mapping[str, Any]], _Row],
) -> list[_Row]:  # fmt: skip
    columns = COLUMNS[part]
    rows = connection.execute(
        f"SELECT {names(part)} FROM {part} WHERE run = ? AND task = ? AND list_contains(?, {key}) ORDER BY position",
        list(where),
    ).fetchall()
    found = []
    for row in rows:
        value = {
            column.name: json.loads(given) if column.type == "JSON" and given is not None else given
            for column, given in zip(columns, row, strict=True)
        }
        del value["task"]
        found.append(reader(value))
    return found
