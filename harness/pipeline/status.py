"""What the store holds, in lists."""

from __future__ import annotations

from dataclasses import dataclass

from harness.core.releases import Release
from harness.core.runs import Run
from harness.pipeline.workspace import Workspace
from harness.store import bundle, reader
from harness.store.database import opened
from harness.store.reader import DecisionRow, VersionRow


@dataclass(frozen=True, slots=True)
class Status:
    """Runs oldest first, decisions and versions newest first; `interrupted` counts bundles without a manifest."""

    runs: tuple[Run, ...] = ()
    decisions: tuple[DecisionRow, ...] = ()
    versions: tuple[VersionRow, ...] = ()
    interrupted: int = 0


def status(release: Release) -> Status:
    """The state of a project; empty where nothing was run yet."""
    workspace = Workspace(release.root)
    folders = [path for path in (workspace.state / "runs").glob("*") if path.is_dir()]
    interrupted = sum(not bundle.is_finished(folder) for folder in folders)
    if not workspace.store.is_file():
        return Status(interrupted=interrupted)
    with opened(workspace.store, read_only=True) as connection:
        return Status(
            tuple(run for run in reader.runs(connection) if run.release == release.name),
            tuple(reader.decisions(connection, release.name)),
            tuple(reader.versions(connection, release.name)),
            interrupted,
        )
