"""Base models: a declared name becomes a folder on disk and a digest.

Three forms are known: `demo:smollm2-135m-instruct`, a hub id with its revision (`org/name@<40 hex digits>`),
and a folder (relative to the project).
"""

from __future__ import annotations

from pathlib import Path

from harness.base_models import demo, folder, hub
from harness.base_models.digest import digest_of
from harness.base_models.home import models_in, shared_home
from harness.base_models.interface import BaseModel, Folders, OnProgress, Origin
from harness.core.errors import ConfigError, OutsideError, Problem

__all__ = ["BaseModel", "OnProgress", "check", "here", "resolve"]


def check(spec: str, root: Path) -> list[Problem]:
    """Every problem of a declared base model that can be told cheaply. `root` is the project's folder."""
    return _origin(spec, root).check(spec, root)


def resolve(
    spec: str, cache: Path, on_progress: OnProgress | None = None, root: Path = Path(), home: Path | None = None
) -> BaseModel:
    """Fetch or convert where needed, once on this machine; then hash, once.

    `cache` is the project's own folder of models, `home` the folder that release.yaml names for what projects share.
    `on_progress` gets short phrases. Raises ConfigError (declaration) or OutsideError (network, disk).
    """
    problems = check(spec, root)
    if problems:
        raise ConfigError(problems)
    say, folders = on_progress or (lambda _: None), _folders(cache, home)
    found = _origin(spec, root).fetch(spec, root, folders, say)
    left = folder.problems_of(found)
    if left:
        raise ConfigError([Problem(f"base model '{spec}': {problem}") for problem in left])
    is_shared = found.parent == folders.shared.resolve()
    return BaseModel(spec, found, digest_of(found, folders.shared if is_shared else cache, say))


def here(spec: str, cache: Path, root: Path, home: Path | None = None) -> Path | None:
    """The folder of a declared base model where it is on this disk already; None where it would have to be made."""

    def refuse(step: str) -> None:
        if not step.startswith("hashing"):
            raise _Absent(step)

    try:
        return _origin(spec, root).fetch(spec, root, _folders(cache, home), refuse)
    except (_Absent, OutsideError):
        return None


def _folders(cache: Path, home: Path | None) -> Folders:
    shared = shared_home(home)
    return Folders(cache, models_in(shared) if shared else cache)


class _Absent(Exception):
    """The model would have to be fetched or converted."""


def _origin(spec: str, root: Path) -> Origin:
    if spec.startswith("demo:"):
        return demo.Demo()
    if hub.looks_like_one(spec) and not (root / spec).is_dir():
        return hub.Hub()
    return folder.Folder()
