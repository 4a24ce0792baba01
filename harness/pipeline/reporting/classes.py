"""Classification in numbers: the candidate's answers against the targets, class by class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from harness.core.estimates import Estimate, Unestimable
from harness.core.policies import Subset
from harness.pipeline.judging.series import series_of
from harness.pipeline.reporting.metrics import Found, asked_of
from harness.pipeline.reporting.task import StoredTask
from harness.report.material import CANDIDATE
from harness.report.numbers import ClassNumbers, Confusion, Own
from harness.stats.analysis import absolute
from harness.stats.series import Ints, Series, Settings
from harness.store.columns import TaskColumns

# With groups each class takes a drawing of its own: beyond this many groups in all of them a page takes too long.
_MOST_UNITS, _RESAMPLES = 100_000, 499


def class_numbers(task: StoredTask, found: Found) -> tuple[tuple[ClassNumbers, ...], Confusion | None]:
    """The classes that occur, and which was taken for which; nothing where the task is no classification.

    Every repeat is counted. What was not evaluated is a target without a right answer, as gates count it, and stands
    in no cell of the confusion: the model gave nothing.
    """
    info = next((info for info in task.infos if info.classes), None)
    if info is None or not task.ours.answers:
        return (), None
    whole = series_of(task.ours, replace(info, aggregate="macro_f1"), favour=False)
    counts = _counts(whole)
    occurring = [i for i in range(whole.classes) if counts[0, i] or counts[1, i]]
    refused = asked_of(task, CANDIDATE, info)
    why = refused if isinstance(refused, Unestimable) else _too_many(whole, len(occurring), task.settings)
    classes = []
    for i in occurring:
        name = info.classes[i]
        gated = found.own.get(f"{task.prefix}.macro_f1[{Subset('class', name)}]")
        f1 = gated or (why if isinstance(why, Unestimable) else _f1(whole, i, counts[:, i], task.settings, why))
        targets, answers, right = counts[:, i].tolist()
        classes.append(ClassNumbers(name, targets, answers, right, f1))
    names = tuple(info.classes[i] for i in occurring)
    return tuple(classes), Confusion(names, _confusion(task.ours, whole, info.classes))


def _counts(whole: Series) -> Ints:
    """Targets, answers and right answers of each class (3, classes)."""
    targets, answers = _both(whole)
    each = (targets, answers[answers >= 0], targets[targets == answers])
    return np.stack([np.bincount(one, minlength=whole.classes) for one in each])


def _both(whole: Series) -> tuple[Ints, Ints]:
    assert whole.targets is not None
    assert whole.answers is not None
    return whole.targets, whole.answers


def _confusion(columns: TaskColumns, whole: Series, classes: tuple[str, ...]) -> Mapping[tuple[str, str | None], int]:
    """How often each target got each answer, where there was one."""
    targets, answers = (one[~columns.lost.ravel()] for one in _both(whole))
    pairs, times = np.unique(np.stack([targets, answers]), axis=1, return_counts=True)
    return {
        (classes[target], classes[answer] if answer >= 0 else None): int(count)
        for target, answer, count in zip(*pairs.tolist(), times.tolist(), strict=True)
    }


def _too_many(whole: Series, classes: int, settings: Settings) -> str:
    """Why the classes' F1 get no interval; "" where they do."""
    if settings.anytime:
        return "F1 has no bounds that hold at any time"
    units = 0 if whole.groups is None else len(np.unique(whole.groups))
    return f"{units} groups are too many to draw for each of {classes} classes" if units * classes > _MOST_UNITS else ""


def _f1(whole: Series, label: int, counts: Ints, settings: Settings, no_interval: str) -> Own:
    targets, answers, right = counts.tolist()
    if no_interval:
        value = 2 * right / (targets + answers)
        return Estimate(value, None, None, 1 - settings.alpha, whole.n, f"no interval: {no_interval}")
    one = replace(whole, aggregate="f1", label=label)
    found = absolute(one, replace(settings, resamples=min(settings.resamples, _RESAMPLES))).evidence
    assert isinstance(found, Estimate | Unestimable)
    return found
