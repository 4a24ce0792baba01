"""Stored results to series for the gates: no sample is left out, and what is missing counts against the candidate."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from harness.core.runs import MetricInfo, TaskResult
from harness.core.samples import Answer, Outcome
from harness.metrics.bleu import counts_of
from harness.stats.series import Ints, Series


def series_of(result: TaskResult, info: MetricInfo, *, favour: bool) -> Series:
    """One metric of one task. A sample that was not evaluated counts as wrong, or with `favour` as right.

    The candidate is never favoured, a baseline always: so a lost request can't help to pass. The repeats of a sample
    are averaged; for macro-F1, where a sample has no score of its own, they stay apart as one group.
    """
    groups, repeats = _groups(result), result.repeats
    if info.aggregate == "macro_f1":
        targets, answers = _classes(result, info.classes, favour)
        right = (targets == answers).astype(np.float64)
        if repeats > 1:
            alone = np.arange(len(result.samples), dtype=np.int64)
            groups = np.repeat(alone if groups is None else groups, repeats)
        return Series("macro_f1", right, groups, targets, answers, len(info.classes), repeats=repeats)
    missing = 1.0 if favour else 0.0
    known = [missing if value is None else value for value in _scores(result, info)]
    values = np.array(known, dtype=np.float64).reshape(-1, repeats).mean(axis=1)
    counts = None
    if info.aggregate == "bleu":
        counts = counts_of(result.scores, info.name, [sample.id for sample in result.samples], favour=favour)
    aggregate = "mean" if info.aggregate == "rate" and repeats > 1 else info.aggregate
    return Series(aggregate, values, groups, counts=counts, repeats=repeats)


def evaluated(result: TaskResult, info: MetricInfo) -> list[bool]:
    """For each repeat of each sample, whether there is something to judge it by.

    That is an answer, and a score where the metric gives one.
    """
    answered = [answer is not None and answer.outcome is not Outcome.NOT_EVALUATED for answer in _answers(result)]
    if info.aggregate == "macro_f1":
        return answered
    return [there and score is not None for there, score in zip(answered, _scores(result, info), strict=True)]


def latency_series(results: Sequence[TaskResult], q: float) -> Series:
    """Seconds of every output; a request that failed, or whose time is not known, took for ever."""
    outputs = [output for result in results for output in result.outputs]
    values = [math.inf if one.error is not None or one.latency is None else one.latency for one in outputs]
    return Series("quantile", np.array(values, dtype=np.float64), q=q)


def error_series(results: Sequence[TaskResult]) -> Series:
    """1 for each request that the infrastructure lost, else 0."""
    answers = [answer for result in results for answer in _answers(result)]
    lost = [float(answer is None or answer.outcome is Outcome.NOT_EVALUATED) for answer in answers]
    return Series("rate", np.array(lost, dtype=np.float64))


def _answers(result: TaskResult) -> list[Answer | None]:
    """The answers in the samples' order, repeats beside each other."""
    by_id = {(answer.sample_id, answer.repeat): answer for answer in result.answers}
    repeats = range(result.repeats)
    return [by_id.get((sample.id, repeat)) for sample in result.samples for repeat in repeats]


def _scores(result: TaskResult, info: MetricInfo) -> list[float | None]:
    """The whole scores in the samples' order, repeats beside each other. NaN is no score."""
    by_id = {
        (score.sample_id, score.repeat): score.value
        for score in result.scores
        if score.metric == info.name and not score.part
    }
    repeats = range(result.repeats)
    found = [by_id.get((sample.id, repeat)) for sample in result.samples for repeat in repeats]
    return [None if value is None or math.isnan(value) else value for value in found]


def _groups(result: TaskResult) -> Ints | None:
    """Cluster numbers, where at least two samples share a group."""
    names = [sample.group if sample.group is not None else f"\0{sample.id}" for sample in result.samples]
    found, numbers = np.unique(names, return_inverse=True)
    return numbers.astype(np.int64) if len(found) < len(names) else None


def _classes(result: TaskResult, classes: tuple[str, ...], favour: bool) -> tuple[Ints, Ints]:
    number = {name: position for position, name in enumerate(classes)}
    named = [number[str(sample.target)] for sample in result.samples]
    targets = np.repeat(np.array(named, dtype=np.int64), result.repeats)
    given = _answers(result)
    read = [
        number.get(str(answer.value), -1) if answer is not None and answer.outcome is Outcome.SCORED else -1
        for answer in given
    ]
    answers = np.array(read, dtype=np.int64)
    if favour:
        lost = np.array([answer is None or answer.outcome is Outcome.NOT_EVALUATED for answer in given], dtype=bool)
        answers = np.where(lost, targets, answers)
    return targets, answers
