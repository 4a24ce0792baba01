"""What the samples of a task ask: their inputs as text, and how long each is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import orjson

from harness.core.samples import Json
from harness.pipeline.judging.series import parsed
from harness.pipeline.reporting.task import StoredTask
from harness.report.guard import written
from harness.report.material import CANDIDATE
from harness.stats.series import Ints

_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Inputs:
    """`lengths` are characters, in the samples' order; `texts` are of the places that were asked for."""

    lengths: Ints
    texts: Mapping[int, str]


def inputs_of(task: StoredTask, places: Collection[int]) -> Inputs:
    """The lengths of all inputs, and the texts at `places`; the other texts are let go of as they are read."""
    ours, wanted = task.ours, frozenset(places)
    lengths: list[int] = []
    texts: dict[int, str] = {}
    beside = zip(parsed(ours.targets), parsed(ours.slices), ours.groups, strict=True)
    rows = task.connection.cursor().execute(
        'SELECT "row" FROM samples WHERE run = ? AND task = ? ORDER BY position', [task.runs[CANDIDATE], task.name]
    )
    while found := rows.fetchmany(_AT_ONCE):
        for (row,), (target, slices, group) in zip(found, beside, strict=False):
            text = input_text(orjson.loads(row), target, slices if isinstance(slices, dict) else (), group)
            if len(lengths) in wanted:
                texts[len(lengths)] = text
            lengths.append(len(text))
    return Inputs(np.array(lengths, dtype=np.int64), texts)


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
