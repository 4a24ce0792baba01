"""What a run costs before it is done: requests that are left, and seconds at the pace of stored runs like it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from harness.core.metric_refs import MEASURED_RUN
from harness.core.runs import Model, Run
from harness.core.samples import Json
from harness.pipeline.running.measure import PlannedMeasurement
from harness.pipeline.running.run import PlannedRun
from harness.store import bundle


def requests_of(one: PlannedRun) -> int:
    """The samples with their repeats, and for a baseline that chooses its prompt the rows that it chooses on."""
    tasks = [task for task in one.suite.tasks if task.prompt]
    chooses = one.contender.spec is not None and one.contender.spec.kind == "prompt"
    choices = sum(
        len(task.validation) * (1 + len(task.alternatives)) * task.repeats
        for task in tasks
        if chooses and task.alternatives
    )
    return choices + sum(len(task.samples) * task.repeats for task in tasks)


def finished(folder: Path) -> int:
    """How many outputs an interrupted run has kept, its choice of prompts included."""
    return sum(len(set(_outputs(path))) for path in folder.rglob(bundle.OUTPUTS))


def _outputs(path: Path) -> list[tuple[Json, Json, Json]]:
    found = []
    with path.open("rb") as lines:
        for line in lines:
            try:
                value = json.loads(line)
            except ValueError:  # the last line of a run that was killed
                continue
            if isinstance(value, dict) and value.get("error") is None:
                found.append((value.get("task"), value.get("sample_id"), value.get("repeat")))
    return found


def run_seconds(one: PlannedRun, requests: int | None, stored: Iterable[Run]) -> float | None:
    """How long a run takes; `requests` None where only lm-eval knows them. None where nothing like it was done."""
    ours = _kind(one.model, one.server.get("kind"))
    like = [r for r in stored if r.suite == one.suite.name and _kind(r.model, r.server.get("kind")) == ours]
    return _seconds(like, requests)


def measured_seconds(one: PlannedMeasurement, requests: int, stored: Iterable[Run]) -> float | None:
    """How long the measured phase takes; None where there was none on such a server."""
    kind = one.server.get("kind")
    return _seconds([run for run in stored if run.suite == MEASURED_RUN and run.server.get("kind") == kind], requests)


def _kind(model: Model, server: Json) -> tuple[Json, ...]:
    """What decides how long a model takes."""
    return server, model.adapter_digest is not None, model.few_shot, sorted(model.own)


def _seconds(like: list[Run], requests: int | None) -> float | None:
    """At the pace of the slowest: the others may have gone on where they stopped, or had a cache to help."""
    done = [run for run in like if run.counts.total]
    if not done:
        return None
    if requests is None:
        return max(run.seconds for run in done)
    return max(run.seconds / run.counts.total for run in done) * requests
