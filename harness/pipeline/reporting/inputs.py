"""What the samples of a task ask: their inputs as text, and how long each is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import orjson

from harness.core.samples import Json
from harness.pipeline.judging.series import parsed
from harness.pipeline.reporting.task import Inputs, StoredTask
from harness.report.guard import written
from harness.report.material import CANDIDATE
from harness.store.columns import TaskColumns

if TYPE_CHECKING:
    import duckdb

_AT_ONCE = 2_000


def inputs_of(task: StoredTask, places: Collection[int]) -> Inputs:
    """The lengths of all inputs, and the texts at `places`; the other texts are let go of as they are read."""
    return task.inputs or read_inputs([task], [places])[0]


def read_inputs(tasks: Sequence[StoredTask], places: Sequence[Collection[int]]) -> list[Inputs]:
    """The same of several tasks, which must be of one run."""
    lengths: list[list[int]] = [[] for _ in tasks]
    texts: list[dict[int, str]] = [{} for _ in tasks]
    wanted = [frozenset(of_task) for of_task in places]
    number = {task.name: i for i, task in enumerate(tasks)}
    beside = [_beside(task.ours) for task in tasks]
    rows = _rows(tasks)
    while found := rows.fetchmany(_AT_ONCE):
        for name, row in found:
            i = number[name]
            target, slices, group = next(beside[i])
            text = input_text(orjson.loads(row), target, slices if isinstance(slices, dict) else (), group)
            if len(lengths[i]) in wanted[i]:
                texts[i][len(lengths[i])] = text
            lengths[i].append(len(text))
    return [Inputs(np.array(long, dtype=np.int64), kept) for long, kept in zip(lengths, texts, strict=True)]


def _beside(ours: TaskColumns) -> Iterator[tuple[Json, Json, str | None]]:
    """What is told beside each input: target, slices, group."""
    return zip(parsed(ours.targets), parsed(ours.slices), ours.groups, strict=True)


def _rows(tasks: Sequence[StoredTask]) -> duckdb.DuckDBPyConnection:
    """The rows of tasks of one run, each task's in order."""
    return (
        tasks[0]
        .connection.cursor()
        .execute(
            'SELECT task, "row" FROM samples WHERE run = ? AND list_contains(?, task) ORDER BY position',
            [tasks[0].runs[CANDIDATE], [task.name for task in tasks]],
        )
    )


def input_text(row: Mapping[str, Json], target: Json, slices: Collection[str], group: str | None) -> str:
    """The row without what is shown elsewhere: id, target, slices (names of columns), group."""
    asked = {
        key: value
        for key, value in row.items()
        if key not in slices and key != "id" and value != target and (group is None or value != group)
    }
    if len(asked) == 1:
        return written(next(iter(asked.values())))
    return "\n".join(f"{key}: {written(value)}" for key, value in asked.items())
