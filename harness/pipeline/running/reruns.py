"""Asking anew: a run that is there already stays, and a newer one of the very same questions counts in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from harness.core.errors import ConfigError
from harness.core.metric_refs import MEASURED_RUN
from harness.core.releases import Release
from harness.core.runs import Run
from harness.core.samples import Json
from harness.core.times import age_of, seconds_between
from harness.pipeline.workspace import Workspace, now
from harness.store import bundle, records
from harness.store.files import write_lines
from harness.store.manifest import read_manifest

# Servers that are known by an address and a name: what answers there may change, and nothing here would.
_BY_NAME = ("remote", "openai")
_STARTED = "started.txt"  # in the folder of a run that is under way: when its first try began

NOTHING: frozenset[str] = frozenset()


class HasId(Protocol):
    """A run by its id."""

    @property
    def id(self) -> str: ...


def may_change(server: Mapping[str, Json]) -> bool:
    """Whether another model may answer at a server by now that tells the same of itself."""
    return server.get("kind") in _BY_NAME


def suites_to_rerun(release: Release, asked: Sequence[str] | None) -> frozenset[str]:
    """The suites to ask anew: those named, all of them for an empty name. Raises ConfigError for an unknown one."""
    known = [*(suite.name for suite in release.suites), *([MEASURED_RUN] if release.measure else [])]
    unknown = [name for name in asked or () if name and name not in known]
    if unknown:
        raise ConfigError(f"there is no suite '{unknown[0]}' to ask anew. There are: {', '.join(known)}.")
    return frozenset(known) if "" in (asked or ()) else frozenset(asked or ())


def times_asked(plan: Callable[[int], Sequence[HasId]], workspace: Workspace, anew: bool, expires: float | None) -> int:
    """How many runs of the same questions came before the one that counts.

    `plan` gives that many's runs, one for each look. A newer one is wanted where `anew` says so, or where one is older
    than `expires` seconds (None: never). One that was begun and not finished is gone on with.
    """
    count = 0
    while any(workspace.run(run.id).is_dir() for run in plan(count + 1)):
        count += 1
    folders = [workspace.run(run.id) for run in plan(count)]
    finished = any(map(bundle.is_finished, folders))
    over = expires is not None and any(_age(folder) > expires for folder in folders if folder.is_dir())
    return count + 1 if over or (anew and finished) else count


def first_started(folder: Path, moment: str) -> str:
    """When the first try of a run began that may go on now; kept in its folder from then on."""
    path = folder / _STARTED
    if path.is_file():
        return path.read_text(encoding="utf-8").strip() or moment
    folder.mkdir(parents=True, exist_ok=True)
    write_lines(path, [f"{moment}\n".encode()])
    return moment


def take_start(earlier: Path, folder: Path) -> None:
    """Let a run that begins with an earlier one's outputs be as old as that."""
    run = stored_run(earlier)
    if run and not (folder / _STARTED).exists():
        first_started(folder, run.started)


def forget_start(folder: Path) -> None:
    """The manifest has it from now on."""
    (folder / _STARTED).unlink(missing_ok=True)


def stored_run(folder: Path) -> Run | None:
    """The run of a finished bundle; None where there is none that can be read, which judging then refuses."""
    try:
        return records.run_from_json(read_manifest(folder)["run"]) if bundle.is_finished(folder) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _age(folder: Path) -> float:
    """Seconds since a run ended, or since its first try began; 0 where nothing tells."""
    if bundle.is_finished(folder):
        run = stored_run(folder)
        return age_of(run, now()) if run else 0.0
    started = folder / _STARTED
    return seconds_between(started.read_text(encoding="utf-8").strip(), now()) if started.is_file() else 0.0
