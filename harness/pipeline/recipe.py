"""What it takes to do a run again, beside its samples and its model: it is kept in the bundle's manifest."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from harness.core.json_files import json_object
from harness.core.releases import Release
from harness.core.samples import Json
from harness.core.suites import Task

# The samples are a part of the bundle; rows that only choose a prompt are told by the task's digest.
_APART = ("samples", "validation")
TAUGHT = ("data", "validation", "config")  # digests of the trainer's manifest


def recipe(release: Release, suite: str, adapter: Path | None = None) -> dict[str, Json]:
    """The seed, and of each task of the suite everything but its samples: prompt, examples, generation, metrics.

    Of an `adapter` that was trained here, the digests of what taught it, too.
    """
    taught: dict[str, Json] = dict(taught_by(adapter))
    tasks = [task for one in release.suites if one.name == suite for task in one.tasks]
    measure = asdict(release.measure) if release.measure and not tasks else None
    told: dict[str, Json] = {"seed": release.seed, "tasks": {t.name: task_recipe(t) for t in tasks}, "measure": measure}
    return {**told, "taught": taught} if taught else told


def taught_by(adapter: Path | None) -> dict[str, str]:
    """SHA-256 of the files that an adapter was trained from, by TAUGHT; {} where it was not trained here."""
    known = json_object(training_manifest(adapter)).get("digests") if adapter else None
    return {name: str(known[name]) for name in TAUGHT if known.get(name)} if isinstance(known, dict) else {}


def training_manifest(adapter: Path) -> Path:
    """Where the record of an adapter's training is: in the registry's copy, else beside the trained adapter."""
    inside = adapter / "manifest.json"
    return inside if inside.is_file() else adapter.parent / "manifest.json"


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
        "generation": task.generation.identity,
        "metrics": [asdict(metric) for metric in task.metrics],
    }
