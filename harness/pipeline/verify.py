"""Whether a decision's record is what it was, and follows from its runs: judged again, and every difference named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness.config.decision_schema import decision_schema
from harness.config.load import load_release
from harness.core.decisions import Decision
from harness.core.errors import ConfigError, Problem
from harness.core.releases import Release
from harness.pipeline.differences import differences, record_differences
from harness.pipeline.judge import decision_id, judge
from harness.pipeline.material import read_material
from harness.pipeline.workspace import Workspace
from harness.report.record import from_json, to_json
from harness.store import bundle, reader, signing
from harness.store.bundle import BundleRefused
from harness.store.database import opened
from harness.store.rules import files_equal
from harness.store.writer import bring_in

_EDITED = "its id no longer fits what it says: the record was edited after it was written."


def verify(path: Path, file: Path, bundles: Path | None = None, key: Path | None = None) -> Decision:
    """The decision of a record that is as it was written, and that its runs give again.

    `file` is release.yaml. The runs come from the project's store, or from the bundles in a folder. With `key` the
    record has to be signed, too. Raises ConfigError naming everything that differs, OutsideError where the store or a
    bundle is newer than this harness or cannot be read.
    """
    workspace = Workspace(file.resolve().parent)
    record = read_record(path)
    decision = from_json(record)
    problems = [] if decision_id(decision) == decision.id else [Problem(_EDITED, file=str(path))]
    if key is not None:
        problems += _signature(path, workspace, record, key)
    try:
        with _evidence(decision, workspace, bundles) as evidence:
            release, others = _declared(decision, workspace, file)
            found = not_given_again(release, decision, evidence)
    except BundleRefused as error:
        raise ConfigError([*problems, Problem(str(error))]) from None
    if bundles is None:
        found += _not_as_stored(decision, workspace)
    problems += [Problem(f"{one}.", file=str(path)) for one in found] + (others if found else [])
    if problems:
        raise ConfigError(problems)
    return decision


def not_given_again(release: Release, decision: Decision, workspace: Workspace) -> list[str]:
    """What comes out otherwise where the stored runs of a decision are judged by a release; nothing where it is it."""
    material = read_material(workspace, decision.runs)
    return differences(decision, judge(release, material, decision.candidate, decision.decided))


def read_record(path: Path) -> dict[str, Any]:
    """The record of a file. Raises ConfigError with everything that docs/schema/decision.schema.json refuses."""
    from jsonschema import Draft202012Validator

    try:
        record = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigError(Problem(f"cannot be read: {error.strerror}.", file=str(path))) from None
    except ValueError as error:
        raise ConfigError(Problem(f"is no JSON: {error}.", file=str(path))) from None
    wrong = sorted(Draft202012Validator(decision_schema()).iter_errors(record), key=lambda one: one.json_path)
    if wrong:
        raise ConfigError(
            [
                Problem(f"is no decision's record: {one.json_path}: {one.message[:200]}.", file=str(path))
                for one in wrong
            ]
        )
    try:
        to_json(from_json(record))
    except ValueError as error:
        raise ConfigError(Problem(f"is no decision's record: {error}", file=str(path))) from None
    return dict(record)


def _signature(path: Path, workspace: Workspace, record: dict[str, Any], key: Path) -> list[Problem]:
    public, beside = signing.verifier(key), path.with_name(f"{path.stem}.intoto.json")
    try:
        signing.check_signed(beside if beside.is_file() else workspace.signature(record["id"]), record, public)
    except ConfigError as error:
        return list(error.problems)
    return []


def _declared(decision: Decision, workspace: Workspace, file: Path) -> tuple[Release, list[Problem]]:
    """The release as it was declared then, where that was kept, and the problems that it has here and now.

    These do not matter where the same decision comes out: its rules and suites are then the very same.
    """
    kept = workspace.declaration(decision.id)
    release, problems = load_release(kept if kept.is_file() else file, workspace.root)
    if release is None:
        raise ConfigError(problems)
    return release, problems


@contextmanager
def _evidence(decision: Decision, workspace: Workspace, bundles: Path | None) -> Iterator[Workspace]:
    """The workspace with the decision's runs: the project's, or one for the moment that is made of bundles."""
    if bundles is None:
        _check_bundles(decision, workspace, workspace.state / "runs")
        _check_store(decision, workspace)
        yield workspace
        return
    with TemporaryDirectory(prefix="harness-verify-") as folder:
        apart = Workspace(Path(folder))
        (apart.state / "runs").mkdir(parents=True)
        for run in _runs(decision):
            apart.run(run).symlink_to(bundles.resolve() / apart.run(run).name)
        _check_bundles(decision, apart, bundles)
        for run in _runs(decision):
            bring_in(apart.store, apart.run(run))
        yield apart


def _runs(decision: Decision) -> dict[str, str]:
    """What each run is, by its id."""
    return {
        run: f"{suite} against the {role}" for role, suites in decision.runs.items() for suite, run in suites.items()
    }


def _check_bundles(decision: Decision, workspace: Workspace, where: Path) -> None:
    """Raises ConfigError naming each bundle that is gone, or not as its run left it."""
    problems = []
    for run, title in _runs(decision).items():
        folder = workspace.run(run)
        if not bundle.is_finished(folder):
            problems.append(
                Problem(f"the evidence is gone: there is no bundle of {title}, {run[:12]}.", file=str(where))
            )
            continue
        try:
            found = bundle.read_run(folder)
        except BundleRefused as error:
            problems.append(Problem(str(error)))
            continue
        if found.id != run:
            problems.append(Problem(f"is the bundle of {found.id[:12]}, not of {title}, {run[:12]}.", file=str(folder)))
    if problems:
        raise ConfigError(problems)


def _check_store(decision: Decision, workspace: Workspace) -> None:
    """Raises ConfigError naming each run that the store lacks, or has otherwise than its bundle."""
    if not workspace.store.is_file():
        raise ConfigError("there is no store, but there are bundles: `harness store rebuild` makes it from them.")
    problems = []
    with opened(workspace.store, read_only=True) as connection:
        known = {run.id for run in reader.runs(connection, _runs(decision))}
        for run, title in _runs(decision).items():
            if run not in known:
                message = f"the run of {title}, {run[:12]}, is not in the store."
                problems.append(Problem(message, hint="`harness store load` brings it in."))
                continue
            for part, path in bundle.part_files(workspace.run(run)).items():
                if not files_equal(connection, part, path, run):
                    hint = "`harness store rebuild` makes the store from the files."
                    problems.append(Problem(f"its {part} differ from the store's.", file=str(path), hint=hint))
    if problems:
        raise ConfigError(problems)


def _not_as_stored(decision: Decision, workspace: Workspace) -> list[str]:
    """In what the record differs from the store's, time and places too, which no run can give again."""
    with opened(workspace.store, read_only=True) as connection:
        stored = reader.decision(connection, decision.id)
    return record_differences(decision, from_json(stored), "in the store", whole=True) if stored else []
