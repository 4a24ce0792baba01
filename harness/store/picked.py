"""A few samples of a stored task, with all that belongs to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from harness.core.runs import TaskResult
from harness.store import records
from harness.store.parts import COLUMNS, names

if TYPE_CHECKING:
    import duckdb

_Row = TypeVar("_Row")


def picked(connection: duckdb.DuckDBPyConnection, run: str, task: str, ids: Sequence[str]) -> TaskResult:
    """The samples of these ids, in the run's order, with outputs and answers; without scores."""
    return picked_of(connection, run, {task: ids})[task]


def picked_of(
    connection: duckdb.DuckDBPyConnection, run: str, ids: Mapping[str, Collection[str]]
) -> dict[str, TaskResult]:
    """The same of several tasks of a run, by task: it takes about as long as of one."""
    pairs = [(task, name) for task, names_of_task in ids.items() for name in names_of_task]
    wanted = [run, [task for task, _ in pairs], [name for _, name in pairs]]
    samples = _rows(connection, "samples", "id", wanted, records.sample_from_json)
    outputs = _rows(connection, "outputs", "sample_id", wanted, records.output_from_json)
    answers = _rows(connection, "answers", "sample_id", wanted, records.answer_from_json)
    return {
        task: TaskResult(
            task, tuple(samples.get(task, ())), tuple(outputs.get(task, ())), tuple(answers.get(task, ())), ()
        )
        for task in ids
    }


def _rows(
    connection: duckdb.DuckDBPyConnection, part: str, key: str, wanted: Sequence[object],
    reader: Callable[[Mapping[str, Any]], _Row],
) -> dict[str, list[_Row]]:  # fmt: skip
    """The rows of a part by task, in the run's order; `wanted` are the run, and tasks and ids side by side."""
    columns = COLUMNS[part]
    rows = connection.execute(
        f"SELECT {names(part)} FROM {part} WHERE run = ? AND (task, {key}) IN (SELECT (unnest(?), unnest(?))) "
        "ORDER BY position",
        list(wanted),
    ).fetchall()
    found: dict[str, list[_Row]] = {}
    for row in rows:
        value = {
            column.name: json.loads(given) if column.type == "JSON" and given is not None else given
            for column, given in zip(columns, row, strict=True)
        }
        found.setdefault(value.pop("task"), []).append(reader(value))
    return found
