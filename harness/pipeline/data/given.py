"""What a person named on the command line: a release as far as it can be read, a suite, a task."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from harness.config.load import load_release
from harness.config.source import load_yaml
from harness.config.suites import load_suite
from harness.core.errors import ConfigError, Problem
from harness.core.releases import Release
from harness.core.samples import Json
from harness.core.suites import Suite, Task


def readable_release(path: Path) -> Release:
    """The release, for work on its data alone: problems of training rows are told by that work.

    Raises ConfigError with all others: a suite that can't be read has no samples here, and none of them would leak.
    """
    release, problems = load_release(path)
    taught = _taught(release) if release else []
    others = [problem for problem in problems if problem.file not in [shown for _, shown in taught]]
    if release is None or others:
        raise ConfigError(others or problems)
    return release


def named_suite(root: Path, file: str) -> Suite:
    """The suite in a file. Raises ConfigError with all its problems."""
    suite, problems = load_suite(root, file)
    if suite is None or problems:
        raise ConfigError(problems)
    return suite


def named_task(root: Path, file: str | None, name: str | None) -> Task:
    """A task of the suite in a file; `name` may be None where it has just one. Raises ConfigError."""
    if file is None:
        raise ConfigError("--task is the task of a suite: name its file with --suite.")
    return task_of(named_suite(root, file), name, file)


def task_of(suite: Suite, name: str | None, file: str | None = None) -> Task:
    """The task of that name, or the only one where none is named. Raises ConfigError; `file` is where to look."""
    known = {task.name: task for task in suite.tasks}
    if name is None and len(known) == 1:
        return suite.tasks[0]
    if name not in known:
        message = f"no task '{name}'." if name else "the suite has several tasks; name one with --task."
        raise ConfigError(Problem(message, file=file, hint=f"It has: {', '.join(known)}."))
    return known[name]


def schema_given(name: str | None, root: Path = Path()) -> str | Mapping[str, Json] | None:
    """What `--schema` or `data_schema` names: `schema.py:ROWS` as it is, a YAML file's columns. Raises ConfigError."""
    if name is None or not name.endswith((".yaml", ".yml")):
        return name
    value = load_yaml(root / name, name).value
    if not isinstance(value, dict) or not value:
        hint = "Write `column: {type: string}` for each."
        raise ConfigError(Problem("must be a mapping of columns to their rules.", name, 1, hint))
    return value


def taught_files(release: Release) -> list[tuple[Path, str]]:
    """The training and validation files of a release, each with its name in messages. Raises ConfigError."""
    if release.candidate.training is None:
        hint = "Name the files."
        raise ConfigError(
            Problem("it gives an adapter and trains nothing, so it has no rows.", release.file, hint=hint)
        )
    return _taught(release)


def _taught(release: Release) -> list[tuple[Path, str]]:
    training = release.candidate.training
    files = [training.data, *([training.validation] if training.validation else [])] if training else []
    return [(path, os.path.relpath(path, release.root)) for path in files]
