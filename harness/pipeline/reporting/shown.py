"""A few samples with all that was said to them, for people to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from harness.core.directions import Better
from harness.core.runs import MetricInfo, TaskResult
from harness.core.samples import Answer, Json, Outcome, Output, Sample
from harness.pipeline.judging.series import evaluated, scores_of
from harness.pipeline.reporting.inputs import input_text
from harness.pipeline.reporting.pairs import problem_between
from harness.pipeline.reporting.task import StoredTask
from harness.report.guard import written
from harness.report.material import CANDIDATE
from harness.report.shown import Said, Shown
from harness.stats.series import Floats
from harness.store.columns import TaskColumns
from harness.store.picked import picked


def shown(task: StoredTask, ids: Sequence[str]) -> tuple[Shown, ...]:
    """The samples of these ids in this order, with what each model gave that was asked the same.

    Of several repeats one that was not evaluated is told, else the one with the worst score; `score` is the mean of
    all of them.
    """
    if not ids:
        return ()
    roles = roles_shown(task)
    found = task.told or {role: picked(task.connection, task.runs[role], task.name, ids) for role in roles}
    scores = {role: _scores(task.columns[role], task.main, frozenset(ids)) for role in roles}
    better = task.main.better if task.main else Better.HIGHER
    said = {role: _said(found[role], scores[role], better) for role in roles}
    samples = {sample.id: sample for sample in found[CANDIDATE].samples}
    return tuple(_one(task, samples[name], {role: by_id[name] for role, by_id in said.items()}) for name in ids)


def roles_shown(task: StoredTask) -> list[str]:
    """The models that were asked the same as the candidate, which is the first."""
    return [role for role in task.columns if not problem_between(task, role)]


def _one(task: StoredTask, sample: Sample, said: Mapping[str, Said]) -> Shown:
    asked = input_text(sample.row, sample.target, sample.slices, sample.group)
    row = {key: value for key, value in sample.row.items() if value != sample.target}
    target, of_target = value_text(sample.target, sample), tuple(key for key in sample.row if key not in row)
    return Shown(task.suite, task.name, sample.id, asked, target, said, row, dict(sample.slices), of_target)


def _scores(columns: TaskColumns, info: MetricInfo | None, ids: frozenset[str]) -> dict[str, Floats]:
    """The main metric on each repeat of these samples, NaN where it was not evaluated."""
    places = [place for place, name in enumerate(columns.ids) if name in ids]
    if info is None:
        return {columns.ids[place]: np.full(columns.repeats, np.nan) for place in places}
    few = columns.take(places)
    values = np.where(evaluated(few, info), scores_of(few, info), np.nan)
    return dict(zip(few.ids, values, strict=True))


def _said(result: TaskResult, scores: Mapping[str, Floats], better: Better) -> dict[str, Said]:
    """What one model gave, by sample."""
    outputs = {(output.sample_id, output.repeat): output for output in result.outputs}
    answers = {(answer.sample_id, answer.repeat): answer for answer in result.answers}
    told = {}
    for sample in (sample for sample in result.samples if sample.id in scores):
        values = scores[sample.id]
        at = sample.id, int(np.argmin(np.nan_to_num(better.goodness(values), nan=-1.0)))
        score = None if np.isnan(values).any() else float(values.mean())
        told[sample.id] = _told(sample, outputs.get(at), answers.get(at), score)
    return told


def _told(sample: Sample, output: Output | None, answer: Answer | None, score: float | None) -> Said:
    if output is None or answer is None:
        return Said("", Outcome.NOT_EVALUATED, "no output")
    read = "" if answer.value is None else value_text(answer.value, sample)
    text = read if output.text is None else output.text
    return Said(text, answer.outcome, answer.reason or output.error or "", score, output.latency, read)


def value_text(value: Json, sample: Sample) -> str:
    """A target or an answer; the number of a choice with the choice."""
    choices = sample.row.get("choices")
    if isinstance(choices, list) and type(value) is int and 0 <= value < len(choices):
        return f"{value}: {written(choices[value])}"
    return written(value)
