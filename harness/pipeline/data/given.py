"""What a person named on the command line: a release as far as it can be read, a suite, a task."""

from __future__ import annotations

import os
from pathlib import Path

from harness.config.load import load_release
from harness.config.suites import load_suite
from harness.core.errors import ConfigError, Problem
from harness.core.releases import Release, Suite, Task


def readable_release(path: Path) -> Release:
    """The release, for work on its data alone: problems of its rows are told by that work, others do not matter to it.

    Raises ConfigError where the file itself can't be read.
    """
    release, problems = load_release(path)
    if release is None:
        raise ConfigError(problems)
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
    suite = named_suite(root, file)
    known = {task.name: task for task in suite.tasks}
    if name is None and len(known) == 1:
        return suite.tasks[0]
    if name not in known:
        message = f"no task '{name}'." if name else "the suite has several tasks; name one with --task."
        raise ConfigError(Problem(message, file=file, hint=f"It has: {', '.join(known)}."))
    return known[name]


def taught_files(release: Release) -> list[tuple[Path, str]]:
    """The training and validation files of a release, each with its name in messages. Raises ConfigError."""
    training = release.candidate.training
    if training is None:
        hint = "Name the files."
        raise ConfigError(
            Problem("it gives an adapter and trains nothing, so it has no rows.", release.file, hint=hint)
        )
    files = [training.data, *([training.validation] if training.validation else [])]
    return [(path, os.path.relpath(path, release.root)) for path in files]
