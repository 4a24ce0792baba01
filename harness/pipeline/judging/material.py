"""The finished runs of a release out of the store: all that a decision rests on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.errors import OutsideError
from harness.core.ids import short
from harness.core.metric_refs import MEASURED_RUN
from harness.core.releases import Release
from harness.core.runs import Run
from harness.core.samples import Json
from harness.pipeline.candidate import Candidate
from harness.pipeline.data.leaks import leaks_of
from harness.pipeline.decisions import find_decision
from harness.pipeline.judging.evidence import Judged, Material
from harness.pipeline.judging.leaks import KEY
from harness.pipeline.workspace import Workspace
from harness.store import bundle, reader
from harness.store.columns import task_columns
from harness.store.database import opened
from harness.store.manifest import manifest_digest, read_manifest
from harness.store.rules import RowsSum, file_sum, stored_sum
from harness.store.writer import bring_in

if TYPE_CHECKING:
    import duckdb

    from harness.pipeline.running.runs import Plan


def stored(release: Release, plan: Plan) -> Material:
    """The planned runs, and those that anchors pin, by role and suite. Raises ConfigError, OutsideError."""
    workspace, by_role = Workspace(release.root), plan.ids
    for spec in release.baselines:
        if spec.kind == "anchor":
            pinned = find_decision(release, workspace, str(spec.arguments["anchor"])).runs["candidate"]
            by_role[spec.name] = {suite: run for suite, run in pinned.items() if suite != "measured"}
    wanted = {run_id for suites in by_role.values() for run_id in suites.values()}
    for run_id in sorted(wanted - _in_store(workspace)):
        bring_in(workspace.store, workspace.run(run_id))
    return read_material(workspace, by_role)


def _in_store(workspace: Workspace) -> set[str]:
    if not workspace.store.is_file():
        return set()
    with opened(workspace.store, read_only=True) as connection:
        return reader.run_ids(connection)


def read_material(workspace: Workspace, by_role: Mapping[str, Mapping[str, str]]) -> Material:
    """Runs by role and suite, from their ids.

    Raises OutsideError where a bundle was changed, or the store has other rows than its bundle.
    """
    with opened(workspace.store, read_only=True) as connection:
        return material_of(connection, workspace, by_role)


def material_of(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, by_role: Mapping[str, Mapping[str, str]]
) -> Material:
    """The same where the store is open already."""
    material: dict[str, dict[str, Judged]] = {}
    sums: dict[str, RowsSum] = {}
    checked: set[str] = set()
    for role, suites in by_role.items():
        for suite, run_id in suites.items():
            run = bundle.read_run(workspace.run(run_id))
            if run_id not in checked:
                refuse_other_rows(connection, workspace.run(run_id), run, sums)
            checked.add(run_id)
            found = task_columns(connection, run_id, _made_of_answers(run), measured=suite == MEASURED_RUN)
            results = {columns.task: columns for columns in found}
            manifest = read_manifest(workspace.run(run_id))
            judged = Judged(run, results, manifest.get("recipe") or {}, manifest_digest(manifest))
            material.setdefault(role, {})[suite] = judged
    return material


def refuse_other_rows(connection: duckdb.DuckDBPyConnection, folder: Path, run: Run, sums: dict[str, RowsSum]) -> None:
    """What is judged is what the bundle's hashes say. Raises OutsideError where the store says anything else.

    `sums` keeps those of files by digest: the samples of all models are one file.
    """
    digests = read_manifest(folder)["digests"]
    for part, path in bundle.part_files(folder).items():
        digest = f"{part} {digests[path.name]}"
        if digest not in sums:
            sums[digest] = file_sum(connection, part, path)
        if stored_sum(connection, part, run.id) != sums[digest]:
            raise OutsideError(
                f"the store's {part} of the run {short(run.id)} ({run.suite} against the {run.model.role}) are not "
                f"those of its bundle {folder}: the store was changed after the run. Nothing was judged; "
                "`harness store rebuild` makes the store from the bundles."
            )


def _made_of_answers(run: Run) -> frozenset[str]:
    """The tasks with a metric that is made of the answers themselves."""
    return frozenset(task for task, infos in run.metrics.items() if any(i.aggregate == "macro_f1" for i in infos))


def candidate_json(candidate: Candidate, release: Release) -> Mapping[str, Json]:
    """Who is judged, as it stands in the decision."""
    leaked = leaks_of(release).samples
    return {
        "base_model": release.candidate.base_model,
        "base_digest": candidate.base_digest,
        "adapter_digest": candidate.adapter_digest,
        "trained": candidate.manifest is not None,
        **({KEY: leaked} if leaked else {}),
    }
