"""Base models: a declared name becomes a folder on disk and a digest.

Three forms are known: `demo:smollm2-135m-instruct`, a hub id with its revision (`org/name@<40 hex digits>`),
and a folder (relative to the project).
"""

from __future__ import annotations

from pathlib import Path

from harness.base_models import demo, folder, hub
from harness.base_models.digest import digest_of
from harness.base_models.interface import BaseModel, OnProgress, Origin
from harness.core.errors import ConfigError, OutsideError, Problem

__all__ = ["BaseModel", "OnProgress", "check", "here", "resolve"]


def check(spec: str, root: Path) -> list[Problem]:
    """Every problem of a declared base model that can be told cheaply. `root` is the project's folder."""
    return _origin(spec, root).check(spec, root)


def resolve(spec: str, cache: Path, on_progress: OnProgress | None = None, root: Path = Path()) -> BaseModel:
    """Fetch or convert where needed, once, under `cache`; then hash, once.

    `on_progress` gets short phrases. Raises ConfigError (declaration) or OutsideError (network, disk).
    """
    problems = check(spec, root)
    if problems:
        raise ConfigError(problems)
    say = on_progress or (lambda _: None)
    found = _origin(spec, root).fetch(spec, root, cache, say)
    left = folder.problems_of(found)
    if left:
        raise ConfigError([Problem(f"base model '{spec}': {problem}") for problem in left])
    return BaseModel(spec, found, digest_of(found, cache, say))


def here(spec: str, cache: Path, root: Path) -> Path | None:
    """The folder of a declared base model where it is on this disk already; None where it would have to be made."""

    def refuse(step: str) -> None:
        raise _Absent(step)

    try:
        return _origin(spec, root).fetch(spec, root, cache, refuse)
    except (_Absent, OutsideError):
        return None


class _Absent(Exception):
    """The model would have to be fetched or converted."""


def _origin(spec: str, root: Path) -> Origin:
    if spec.startswith("demo:"):
        return demo.Demo()
    if hub.looks_like_one(spec) and not (root / spec).is_dir():
        return hub.Hub()
    return folder.Folder()
