"""The checks that a release names: Python files of the project, which are run."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from harness.config.source import Source
from harness.core.errors import Problem


def load_checks(root: Path, paths: Sequence[str], source: Source) -> tuple[tuple[str, ...], list[Problem]]:
    """The files, relative to the project, and every problem of their names. Their code is not read."""
    found: dict[str, str] = {}
    problems = []
    for index, path in enumerate(paths):
        name = PurePosixPath(path).stem
        wrong = _unfit(root, path) or (f"the check '{path}' has the name of {found[name]}." if name in found else None)
        if wrong:
            problems.append(source.problem(["checks", index], wrong))
        else:
            found[name] = posixpath.normpath(path)
    return tuple(found.values()), problems


def _unfit(root: Path, path: str) -> str | None:
    """Why a file can't be a check of the project; None where it can."""
    if not path.endswith(".py"):
        return f"the check '{path}' is no Python file (.py)."
    if not (root / path).resolve().is_relative_to(root.resolve()):
        return f"the check '{path}' lies outside the project."
    return None if (root / path).is_file() else f"the check '{path}' does not exist."
