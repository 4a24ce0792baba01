"""What it takes to do a run again, beside its samples and its model: it is kept in the bundle's manifest."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from harness.core.releases import Release, Task
from harness.core.samples import Json

# The samples are a part of the bundle; rows that only choose a prompt are told by the task's digest.
_APART = ("samples", "validation")


def recipe(release: Release, suite: str) -> dict[str, Json]:
    """The seed, and of each task of the suite everything but its samples: prompt, examples, generation, metrics."""
    tasks = [task for one in release.suites if one.name == suite for task in one.tasks]
    measure = asdict(release.measure) if release.measure and not tasks else None
    return {"seed": release.seed, "tasks": {task.name: task_recipe(task) for task in tasks}, "measure": measure}


def task_recipe(task: Task) -> dict[str, Any]:
    """Of one task everything but its samples, as plain values."""
    values = {field.name: getattr(task, field.name) for field in fields(task) if field.name not in _APART}
    prompts = [values["prompt"], *values["alternatives"]]
    plain = [asdict(prompt) if prompt else None for prompt in prompts]
    return {
        **values,
        "arguments": dict(task.arguments),
        "examples": [asdict(example) for example in task.examples],
        "prompt": plain[0],
        "alternatives": plain[1:],
        "generation": asdict(task.generation),
        "metrics": [asdict(metric) for metric in task.metrics],
    }
