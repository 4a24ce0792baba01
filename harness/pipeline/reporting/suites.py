"""The suites that a candidate ran, as numbers out of the stored columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from harness.core.decisions import Decision
from harness.core.policies import Policy
from harness.core.samples import Outcome
from harness.pipeline.judging.endings import counted, limit_of
from harness.pipeline.judging.evidence import Judged, Material
from harness.pipeline.reporting.changes import changes_of
from harness.pipeline.reporting.classes import class_numbers
from harness.pipeline.reporting.failures import failures_of
from harness.pipeline.reporting.inputs import inputs_of
from harness.pipeline.reporting.metrics import found_by_gates, metric_numbers
from harness.pipeline.reporting.parts import field_parts, slice_parts
from harness.pipeline.reporting.reading import with_samples
from harness.pipeline.reporting.robustness import robustness_of
from harness.pipeline.reporting.task import StoredTask
from harness.report.material import CANDIDATE
from harness.report.numbers import Lengths, SuiteNumbers, TaskNumbers, Unscored
from harness.stats.series import Settings
from harness.store.columns import TaskColumns

if TYPE_CHECKING:
    import duckdb

# Bounds that no verdict rests on are drawn with fewer resamples: a page must not take longer than the run.
_MOST_RESAMPLES = 1_999
_REASONS = 5


def suite_numbers(
    connection: duckdb.DuckDBPyConnection, decision: Decision, judged: Material, policy: Policy
) -> tuple[SuiteNumbers, ...]:
    """Every suite of the candidate, in the order of its runs; `judged` are runs by role and suite, none measured."""
    tasks = stored_tasks(connection, judged, policy)
    return tuple(
        SuiteNumbers(
            suite,
            tuple(task_numbers(task, decision) for task in with_samples([one for one in tasks if one.suite == suite])),
            _unscored(connection, one.run.id),
        )
        for suite, one in judged.get(CANDIDATE, {}).items()
    )


def task_numbers(task: StoredTask, decision: Decision) -> TaskNumbers:
    """One task: its metrics, its parts, what changed against each baseline, and how the candidate failed."""
    found, columns = found_by_gates(decision), task.ours
    classes, confusion = class_numbers(task, found)
    changes = (changes_of(task, role) for role in task.columns if role != CANDIDATE)
    numbers = TaskNumbers(
        task.suite,
        task.name,
        len(columns.ids),
        len({group for group in columns.groups if group is not None}),
        columns.repeats,
        _flip_rate(task),
        task.main.name if task.main else None,
        metric_numbers(task, found),
        classes,
        confusion,
        field_parts(task, found),
        slice_parts(task, found),
        robustness_of(task, found),
        tuple(one for one in changes if one is not None),
        lengths=_lengths(task),
        endings={role: counted(one) for role, one in task.columns.items()},
        limit=_limit(task),
    )
    return replace(numbers, failures=failures_of(task, numbers))


def _limit(task: StoredTask) -> int | None:
    ours = task.material.get(CANDIDATE, {}).get(task.suite)
    return limit_of(ours.recipe, task.name) if ours else None


def stored_tasks(connection: duckdb.DuckDBPyConnection, judged: Material, policy: Policy) -> tuple[StoredTask, ...]:
    """The tasks that the candidate was asked, suite by suite, each with every model that was asked it."""
    resamples = min(policy.resamples, _MOST_RESAMPLES)
    settings = Settings(policy.alpha, resamples, policy.seed, policy.min_samples, anytime=policy.looks == 0)
    return tuple(
        _stored(connection, judged, suite, name, settings, policy)
        for suite, ours in judged.get(CANDIDATE, {}).items()
        for name in ours.results
    )


def _stored(
    connection: duckdb.DuckDBPyConnection, judged: Material, suite: str, name: str, settings: Settings, policy: Policy
) -> StoredTask:
    ours = judged[CANDIDATE][suite]
    others = {role: suites[suite] for role, suites in judged.items() if role != CANDIDATE and suite in suites}
    told = {role: one for role, one in {CANDIDATE: ours, **others}.items() if name in one.results}
    columns = {role: one.results[name] for role, one in told.items()}
    classified = any(info.classes for info in ours.run.metrics.get(name, ()))
    if classified and not columns[CANDIDATE].answers:
        columns[CANDIDATE] = _with_answers(connection, ours, columns[CANDIDATE])
    return StoredTask(
        suite,
        name,
        suite if len(ours.run.metrics) == 1 else f"{suite}.{name}",
        ours.run.metrics.get(name, ()),
        columns,
        {role: one.run.id for role, one in told.items()},
        {role: one.run.task_digests.get(name) for role, one in told.items()},
        settings,
        connection,
        judged,
        policy,
    )


def _with_answers(connection: duckdb.DuckDBPyConnection, judged: Judged, columns: TaskColumns) -> TaskColumns:
    """The same with what was answered, which is read only where a metric is made of it."""
    rows = connection.execute(
        'SELECT sample_id, "repeat", value FROM answers WHERE run = ? AND task = ?', [judged.run.id, columns.task]
    ).fetchall()
    place, texts = {name: i for i, name in enumerate(columns.ids)}, np.full(columns.outcomes.shape, None, dtype=object)
    for name, repeat, value in rows:
        texts[place[name], repeat] = value
    return replace(columns, answers=tuple(texts.ravel().tolist()))


def _unscored(connection: duckdb.DuckDBPyConnection, run: str) -> tuple[Unscored, ...]:
    """Why samples were not scored: the commonest reasons, and for each outcome the rest of them in one.

    An answer that a metric could not score has the outcome "scored", as others may have scored it.
    """
    rows = connection.execute(
        "SELECT outcome, coalesce(reason, '') AS why, count(*) AS samples FROM answers WHERE run = $run AND outcome <> "
        "$scored GROUP BY ALL UNION ALL SELECT a.outcome, s.metric || ': ' || coalesce(s.reason, ''), count(*) "
        "FROM scores s JOIN answers a USING (run, task, sample_id, \"repeat\") WHERE s.run = $run AND s.part = '' "
        "AND s.value IS NULL AND a.outcome = $scored GROUP BY ALL ORDER BY samples DESC, outcome, why",
        {"run": run, "scored": Outcome.SCORED},
    ).fetchall()
    shown = tuple(Unscored(Outcome(outcome), reason, times) for outcome, reason, times in rows[:_REASONS])
    rest: dict[str, list[int]] = {}
    for outcome, _, times in rows[_REASONS:]:
        rest.setdefault(outcome, []).append(times)
    others = (Unscored(Outcome(end), f"{len(found)} other reasons", sum(found)) for end, found in rest.items())
    return (*shown, *others)


def _flip_rate(task: StoredTask) -> float | None:
    """The share of samples whose repeats ended differently; None where each was asked once."""
    if task.ours.repeats == 1:
        return None
    ends = (
        "SELECT sample_id FROM answers WHERE run = ? AND task = ? GROUP BY sample_id "
        "HAVING count(DISTINCT (outcome, value)) > 1"
    )
    given = [task.runs[CANDIDATE], task.name]
    [(differing,)] = task.connection.execute(f"SELECT count(*) FROM ({ends})", given).fetchall()
    return float(differing) / len(task.ours.ids)


def _lengths(task: StoredTask) -> Lengths | None:
    """Characters of the inputs; None where there are no samples."""
    found = inputs_of(task, ()).lengths
    if not len(found):
        return None
    least, middle, p95, most = np.quantile(found, [0, 0.5, 0.95, 1], method="inverted_cdf")
    return Lengths(int(least), int(middle), int(p95), int(most))
