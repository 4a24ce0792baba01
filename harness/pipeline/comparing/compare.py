"""Two stored sides against each other, from the store alone: every metric, and the samples behind the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.core.errors import ConfigError, Problem
from harness.core.releases import Release
from harness.pipeline.comparing.notes import answered_by, notes_between
from harness.pipeline.comparing.samples import AskedPair
from harness.pipeline.comparing.sides import side_of
from harness.pipeline.comparing.task import compare_task
from harness.pipeline.judging.comparable import Asked, incomparable, of_task
from harness.pipeline.judging.evidence import Judged
from harness.pipeline.judging.material import refuse_other_rows
from harness.pipeline.workspace import Workspace
from harness.report.comparing.view import Compared, PartDifference, Side, TaskComparison
from harness.stats.multiple import benjamini_hochberg
from harness.stats.series import Settings
from harness.store import bundle
from harness.store.columns import task_columns
from harness.store.database import opened
from harness.store.manifest import read_manifest

if TYPE_CHECKING:
    import duckdb

Pairs = dict[str, list[AskedPair]]


def compare(release: Release, first: str, second: str, tasks: Sequence[str] = (), worst: int = 5) -> Compared:
    """A (`first`) against B on every task and metric that both have, or on `tasks` ("suite", "suite.task", "task").

    Raises ConfigError where a side cannot be found, nothing is in common, or anything asked differs, naming each
    difference; OutsideError where a bundle was changed.
    """
    workspace, policy = Workspace(release.root), release.policy
    ours, theirs = (side_of(release, workspace, word) for word in (first, second))
    settings = Settings(policy.alpha, policy.resamples, policy.seed, policy.min_samples, anytime=policy.looks == 0)
    with opened(workspace.store, read_only=True) as connection:
        both = [(_loaded(connection, workspace, ours.runs[suite]), _loaded(connection, workspace, theirs.runs[suite]))
                for suite in ours.runs if suite in theirs.runs]  # fmt: skip
        pairs = _wanted({name: found for one in both for name, found in _pairs(*one).items()}, tasks, ours, theirs)
        _refuse_incomparable(pairs)
        found = []
        for name, metrics in pairs.items():
            suite = name.partition(".")[0]
            runs = ours.runs[suite], theirs.runs[suite]
            found.append(compare_task(connection, name, metrics, runs, settings, worst))
    return Compared(
        replace(ours, model=answered_by([mine.run for mine, _ in both])),
        replace(theirs, model=answered_by([its.run for _, its in both])),
        policy.alpha,
        _flagged(found, policy.alpha),
        tuple(notes_between(ours, theirs, both, pairs)),
    )


def _loaded(connection: duckdb.DuckDBPyConnection, workspace: Workspace, run_id: str) -> Judged:
    """A run, with the answers of every task that has classes. Raises OutsideError where bundle or store was changed."""
    folder = workspace.run(run_id)
    run = bundle.read_run(folder)
    refuse_other_rows(connection, folder, run, {})
    classified = frozenset(task for task, infos in run.metrics.items() if any(info.classes for info in infos))
    found = {columns.task: columns for columns in task_columns(connection, run_id, classified)}
    return Judged(run, found, read_manifest(folder).get("recipe") or {})


def _pairs(ours: Judged, theirs: Judged) -> Pairs:
    """Each metric that both have, by "suite.task"."""
    found: Pairs = {}
    for task in ours.results:
        if task not in theirs.results:
            continue
        mine, its = _asked(ours, task), _asked(theirs, task)
        found[f"{ours.run.suite}.{task}"] = [AskedPair(mine[name], its[name]) for name in mine if name in its]
    return {name: metrics for name, metrics in found.items() if metrics}


def _asked(judged: Judged, task: str) -> dict[str, Asked]:
    digest, recipe = judged.run.task_digests.get(task), of_task(judged.recipe, task)
    return {info.name: Asked(judged.results[task], info, digest, recipe) for info in judged.run.metrics.get(task, ())}


def _wanted(pairs: Pairs, tasks: Sequence[str], ours: Side, theirs: Side) -> Pairs:
    """The tasks that were asked for, and at least one."""
    if not pairs:
        suites = " and ".join(f"{side.what} has {', '.join(side.runs) or 'no suites'}" for side in (ours, theirs))
        raise ConfigError(f"'{ours.word}' and '{theirs.word}' have no metric of any task in common: {suites}.")
    unknown = [word for word in tasks if not any(word in _names(name) for name in pairs)]
    if unknown:
        hint = f"There are: {', '.join(pairs)}."
        raise ConfigError([Problem(f"no task that both sides have is named '{word}'.", hint=hint) for word in unknown])
    return {name: found for name, found in pairs.items() if not tasks or {*tasks} & _names(name)}


def _names(name: str) -> set[str]:
    """All that a task may be called by."""
    suite, _, task = name.partition(".")
    return {name, suite, task}


def _refuse_incomparable(pairs: Pairs) -> None:
    """Raises ConfigError naming each task whose two runs do not ask the same, with each difference."""
    found = [
        f"{name} can't be compared: {text}"
        for name, metrics in pairs.items()
        for text in dict.fromkeys(_difference(*pair) for pair in metrics)
        if text
    ]
    if found:
        hint = "Compare runs that ask the same; --task names the tasks to compare."
        raise ConfigError([Problem(f"{text}.", hint=hint) for text in found])


def _difference(ours: Asked, theirs: Asked) -> str:
    if len({*ours.result.ids}) < len(ours.result.ids):
        return "samples with the same id"
    return incomparable(ours, theirs)


def _flagged(tasks: Sequence[TaskComparison], alpha: float) -> tuple[TaskComparison, ...]:
    """Benjamini and Hochberg over all parts of all tasks."""
    tested = [part.p for task in tasks for part in task.parts if part.p is not None]
    adjusted = iter(benjamini_hochberg(tested))

    def flagged(part: PartDifference) -> PartDifference:
        if part.p is None:
            return part
        q = next(adjusted)
        return replace(part, adjusted=q, flagged=q <= alpha)

    return tuple(replace(task, parts=tuple(map(flagged, task.parts))) for task in tasks)
