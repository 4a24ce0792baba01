"""Stored decisions, found by the first digits of their ids."""

from __future__ import annotations

from harness.core.decisions import Decision
from harness.core.errors import ConfigError
from harness.core.releases import Release
from harness.pipeline.workspace import Workspace
from harness.report.record import from_json
from harness.store import reader
from harness.store.database import opened


def find_decision(release: Release, workspace: Workspace, prefix: str | None) -> Decision:
    """A stored decision of this release. Raises ConfigError where there is none, or more than one."""
    if not workspace.store.is_file():
        raise ConfigError("there is no store yet: run `harness gate` first.")
    with opened(workspace.store, read_only=True) as connection:
        known = reader.decisions(connection, release.name)
        wanted = prefix or (known[0].id if known else "")
        record = reader.decision(connection, wanted) if wanted else None
    if record is None or record["release"] != release.name:
        named = f"no single decision of {release.name} starts with '{prefix}'" if prefix else "nothing was decided yet"
        raise ConfigError(f"{named}. `harness status` lists the decisions.")
    return from_json(record)
