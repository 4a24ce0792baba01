"""What people write about a version, and that it is not to be gone back to."""

from __future__ import annotations

from pathlib import Path

from harness.core.errors import ConfigError
from harness.core.versions import ARCHIVE, ARCHIVED, Move
from harness.pipeline.registry.moving import annotate, may_leave, move
from harness.pipeline.registry.project import project
from harness.pipeline.registry.read import changing, named_version, registry


def note(file: Path, word: str, text: str) -> Move:
    """Add a note to the version that `v3` names. Raises ConfigError where there is none, or the note is empty."""
    given = project(file)
    if not text.strip():
        raise ConfigError("the note is empty.")
    with changing(given.workspace, given.name):
        version = named_version(registry(given.workspace, given.name), word)
        return annotate(given.workspace, version, text.strip())


def archive(file: Path, word: str, text: str = "") -> Move:
    """Archive a version: no rollback goes back to it. Raises ConfigError where it is in production, or unknown."""
    given = project(file)
    with changing(given.workspace, given.name):
        known = registry(given.workspace, given.name)
        version = named_version(known, word)
        may_leave(known, version, ARCHIVED, ARCHIVE)
        return move(given.workspace, version, ARCHIVED, ARCHIVE, text)
