"""What the store holds, in lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.core.releases import Release
from harness.core.runs import Run
from harness.core.versions import Registry
from harness.pipeline.registry.deploy import undeployed
from harness.pipeline.registry.read import registry
from harness.pipeline.workspace import Workspace
from harness.store import bundle, reader
from harness.store.database import opened
from harness.store.reader import DecisionRow


@dataclass(frozen=True, slots=True)
class Status:
    """Runs oldest first, decisions newest first; `interrupted` counts bundles without a manifest."""

    runs: tuple[Run, ...] = ()
    decisions: tuple[DecisionRow, ...] = ()
    registry: Registry = field(default_factory=Registry)
    interrupted: int = 0

    @property
    def undeployed(self) -> str | None:
        """What is not on the cluster as the registry has it; None where all is."""
        return undeployed(self.registry)


def status(release: Release) -> Status:
    """The state of a project; empty where nothing was run yet."""
    workspace = Workspace(release.root)
    folders = [path for path in (workspace.state / "runs").glob("*") if path.is_dir()]
    interrupted = sum(not bundle.is_finished(folder) for folder in folders)
    known = registry(workspace, release.name)
    if not workspace.store.is_file():
        return Status(registry=known, interrupted=interrupted)
    with opened(workspace.store, read_only=True) as connection:
        decisions = tuple(reader.decisions(connection, release.name))
        judged = _judged(reader.decision_records(connection, release.name, len(decisions)))
        runs = (run for run in reader.runs(connection) if run.release == release.name or run.id in judged)
        return Status(tuple(runs), decisions, known, interrupted)


def _judged(records: Iterable[Mapping[str, Any]]) -> set[str]:
    """The runs that a release's decisions rest on: two releases share a run, which has the name of the first."""
    return {run for record in records for suites in record["runs"].values() for run in suites.values()}
