"""The store of a project: bring bundles in, check it, build it anew, and hand its contents out."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from harness.core.errors import ConfigError, OutsideError, Problem
from harness.pipeline.judging.judge import decision_id
from harness.pipeline.lock import locked
from harness.pipeline.workspace import Workspace
from harness.report.record import from_json
from harness.store import bundle, export, kept, registers, schemas
from harness.store.database import opened
from harness.store.kept import Kept
from harness.store.verify import differences


def kept_of(workspace: Workspace) -> Kept:
    """The files of a project that its database is made from."""
    state = workspace.state
    return Kept(state / "runs", state / "decisions", workspace.attempts, workspace.versions, workspace.moves)


def load(workspace: Workspace, folders: Iterable[Path] = ()) -> list[str]:
    """Bring bundles into the database (all of the project's own, where none is named); gives the new runs' ids.

    A bundle from elsewhere is copied into the project first. Raises OutsideError for one that cannot be trusted.
    """
    files = kept_of(workspace)
    wanted = [_adopted(workspace, folder) for folder in folders] or files.bundles
    with opened(workspace.store) as connection:
        return kept.load_all(connection, files, wanted)


def verify(workspace: Workspace) -> int:
    """Check every hash, rule and id; gives how many bundles there are. Raises ConfigError naming all that differs."""
    files = kept_of(workspace)
    with opened(_store(workspace), read_only=True) as connection:
        problems = differences(connection, files, lambda record: decision_id(from_json(record)))
    if problems:
        raise ConfigError(problems)
    return len(files.bundles)


def rebuild(workspace: Workspace) -> int:
    """Make the database anew from bundles, decisions, attempts, versions and moves; gives how many runs it has."""
    with locked(workspace):
        return kept.rebuild(workspace.store, kept_of(workspace))


def export_to(workspace: Workspace, run: str | None, folder: Path, kind: str) -> Path:
    """Write one run, or everything, as files of a kind (parquet, csv, jsonl); gives where."""
    with opened(_store(workspace), read_only=True) as connection:
        if run is None:
            return export.export_all(connection, folder, kind)
        return export.export_run(connection, run, folder, kind)


def query(workspace: Workspace, sql: str) -> export.Table:
    """The rows of a query on the database. Raises ConfigError where it cannot be run."""
    return export.query(_store(workspace), sql)


def _store(workspace: Workspace) -> Path:
    if not workspace.store.is_file():
        raise ConfigError("there is no store yet: run `harness run`, or `harness store load` where there are bundles.")
    _bring_up(workspace)
    return workspace.store


def _bring_up(workspace: Workspace) -> None:
    """A rollback does without the database: what it wrote comes in with the next look into the store."""
    with opened(workspace.store, read_only=True) as connection:
        behind = registers.registry_is_behind(connection, workspace.versions, workspace.moves)
    if behind:
        with opened(workspace.store) as connection:
            registers.load_registry(connection, workspace.versions, workspace.moves)


def _adopted(workspace: Workspace, folder: Path) -> Path:
    """The bundle where the project keeps its own; copied there if it lies elsewhere."""
    if not bundle.is_finished(folder):
        message = "is no finished bundle: it has no manifest.json."
        raise ConfigError(Problem(message, file=str(folder), hint="`harness run` goes on with an interrupted run."))
    run = bundle.read_run(folder)
    schemas.validate(folder)
    own = workspace.run(run.id)
    if bundle.is_finished(own):
        return own
    beside = own.with_name(own.name + ".new")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.copytree(folder, beside)
        shutil.rmtree(own, ignore_errors=True)  # an interrupted try of the same run
        beside.rename(own)
    except OSError as error:
        raise OutsideError(f"cannot copy {folder} to {own}: {error.strerror or error}.") from None
    return own
