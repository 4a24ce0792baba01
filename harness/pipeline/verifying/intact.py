"""The runs of a decision, where they are all there and as they were left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.core.decisions import Decision
from harness.core.errors import ConfigError, Problem
from harness.pipeline.workspace import Workspace
from harness.store import bundle, reader
from harness.store.bundle import BundleRefused
from harness.store.database import opened
from harness.store.rules import files_equal
from harness.store.writer import bring_in


@contextmanager
def intact_runs(decision: Decision, workspace: Workspace, bundles: Path | None) -> Iterator[Workspace]:
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
            if not apart.run(run).is_symlink():  # two ids may begin alike; one of them then has no bundle
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
