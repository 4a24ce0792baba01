"""The registry of a project, and the versions and stages that people name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from contextlib import contextmanager

from harness.core.errors import ConfigError
from harness.core.versions import STAGES, Registry, Version
from harness.pipeline.lock import locked
from harness.pipeline.workspace import Workspace
from harness.store.registry import read_registry

_LISTED = "`harness versions` lists them."


@contextmanager
def changing(workspace: Workspace, release: str) -> Iterator[None]:
    """Hold a release's registry for the block: of two promotions at once one wins, and the other gets OutsideError.

    A training or a run holds another lock, so a rollback never waits for one; nor does it for another release.
    """
    with locked(workspace, f"registry-{release}.lock", f"another promotion, rollback or note of {release}"):
        yield


def registry(workspace: Workspace, release: str) -> Registry:
    """The versions and moves of a release. Raises OutsideError where a file was changed by hand."""
    if not workspace.versions.is_file() and workspace.store.is_file():
        from harness.store.database import opened
        from harness.store.registers import load_registry

        with opened(workspace.store) as connection:  # stores of the first format have versions that no file has
            load_registry(connection, workspace.versions, workspace.moves)
    return read_registry(workspace.versions, workspace.moves, release, workspace.policies)


def named_version(known: Registry, word: str) -> Version:
    """The version that `v3` or `3` names. Raises ConfigError naming those that there are."""
    found = known.version(int(word.removeprefix("v"))) if re.fullmatch(r"v?[0-9]{1,9}", word) else None
    if found is None:
        names = [one.name for one in known.versions]
        there = f"There are {', '.join(names[-9:])}." if names else "Nothing was promoted yet."
        raise ConfigError(f"there is no version '{word}'. {there} {_LISTED}")
    return found


def named_stage(word: str) -> str:
    """The stage of this name. Raises ConfigError naming all, and the nearest one."""
    if word in STAGES:
        return word
    near = difflib.get_close_matches(word, STAGES, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise ConfigError(f"there is no stage '{word}'.{hint} Stages are {', '.join(STAGES)}.")
