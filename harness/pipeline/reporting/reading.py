"""The samples of all tasks of a decision, read at once: a query takes about as long for all of them as for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.core.runs import TaskResult
from harness.pipeline.reporting.changes import shown_changes
from harness.pipeline.reporting.failures import failures_to_read
from harness.pipeline.reporting.inputs import read_inputs
from harness.pipeline.reporting.shown import roles_shown
from harness.pipeline.reporting.task import StoredTask
from harness.store.picked import picked_of


def with_samples(tasks: Sequence[StoredTask]) -> list[StoredTask]:
    """The tasks of a suite with their inputs, and with the samples that are shown of them."""
    if not tasks:
        return []
    failures = [failures_to_read(task) for task in tasks]
    ids = {task.name: {*worst, *shown_changes(task)} for task, (worst, _) in zip(tasks, failures, strict=True)}
    told = {role: _told(tasks, role, ids) for role in {role: None for task in tasks for role in roles_shown(task)}}
    inputs = read_inputs(tasks, [places for _, places in failures])
    return [
        replace(task, inputs=read, told={role: told[role][task.name] for role in roles_shown(task)})
        for task, read in zip(tasks, inputs, strict=True)
    ]


def _told(tasks: Sequence[StoredTask], role: str, ids: dict[str, set[str]]) -> dict[str, TaskResult]:
    """The samples that are shown of one model's run, by task."""
    asked = [task for task in tasks if role in roles_shown(task)]
    return picked_of(asked[0].connection, asked[0].runs[role], {task.name: sorted(ids[task.name]) for task in asked})
