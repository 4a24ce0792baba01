"""What a word on the command line stands for: runs in the store, by suite."""

from __future__ import annotations

import re

from harness.core.decisions import Decision
from harness.core.errors import ConfigError
from harness.core.metric_refs import MEASURED_RUN
from harness.core.releases import Release
from harness.core.runs import Run
from harness.pipeline.decisions import find_decision
from harness.pipeline.registry.read import named_version, registry
from harness.pipeline.workspace import Workspace
from harness.report.comparing.view import Side
from harness.store import reader
from harness.store.database import opened

_DECISION = "decision:"
_LISTED = "`harness status` lists runs, decisions and versions."


def side_of(release: Release, workspace: Workspace, word: str) -> Side:
    """The runs that `word` names, without the measured phase.

    `decision:` and first digits are the candidate's runs of that decision; a role is the one of the newest decision;
    `v3` is the third version, by the candidate's runs of its decision; all else is the first digits of a run's id.
    Raises ConfigError where it names nothing, or more than one.
    """
    if not workspace.store.is_file():
        raise ConfigError("there is no store yet: run `harness run` or `harness gate` first.")
    if word.startswith(_DECISION):
        return _decided(word, find_decision(release, workspace, _digits(word)))
    newest = _newest(release, workspace)
    if newest and word in newest.runs:
        return _decided(word, newest, word)
    if re.fullmatch(r"v\d+", word):
        return _version(release, workspace, word)
    run = _run(workspace, word, newest)
    return Side(word, f"the {run.model.role}'s run {run.id[:12]}", {run.suite: run.id})


def _digits(word: str) -> str:
    digits = word.removeprefix(_DECISION)
    if not digits:
        raise ConfigError(f"'{word}' names no decision: give the first digits of its id. {_LISTED}")
    return digits


def _decided(word: str, decision: Decision, role: str = "candidate") -> Side:
    runs = {suite: run for suite, run in decision.runs[role].items() if suite != MEASURED_RUN}
    return Side(word, f"the {role} of decision {decision.id[:12]}", runs)


def _newest(release: Release, workspace: Workspace) -> Decision | None:
    with opened(workspace.store, read_only=True) as connection:
        known = reader.decisions(connection, release.name)
    return find_decision(release, workspace, known[0].id) if known else None


def _version(release: Release, workspace: Workspace, word: str) -> Side:
    found = named_version(registry(workspace, release.name), word)
    side = _decided(word, find_decision(release, workspace, found.decision))
    return Side(word, f"version {found.number}, {side.what}", side.runs)


def _run(workspace: Workspace, word: str, newest: Decision | None) -> Run:
    with opened(workspace.store, read_only=True) as connection:
        found = [run for run in reader.runs(connection) if run.id.startswith(word)] if word else []
    if len(found) > 1:
        raise ConfigError(f"{len(found)} runs start with '{word}': give more digits. {_LISTED}")
    if not found:
        roles = f" Roles of the newest decision: {', '.join(newest.runs)}." if newest else ""
        raise ConfigError(f"'{word}' is no role, no version and no run's first digits.{roles} {_LISTED}")
    if found[0].suite == MEASURED_RUN:
        raise ConfigError(f"the run {found[0].id[:12]} is the measured phase, which has no metrics to compare.")
    return found[0]
