"""Where the candidate fails: on which kinds of input, and on which samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.core.runs import MetricInfo
from harness.core.samples import Outcome
from harness.pipeline.judging.series import Mask, evaluated, scores_of
from harness.pipeline.reporting.clusters import clusters_of
from harness.pipeline.reporting.failing_parts import failing_parts
from harness.pipeline.reporting.inputs import inputs_of
from harness.pipeline.reporting.shown import shown
from harness.pipeline.reporting.task import StoredTask
from harness.report.material import CANDIDATE
from harness.report.numbers import Failures, TaskNumbers
from harness.stats.series import Floats, Ints
from harness.store.columns import OUTCOMES, Texts

MOST_SHOWN = 25
MOST_CLUSTERED = 600
MOST_READ = 2_000
_MOST_TOLD, _MOST_OF_ALL = 300, 1_000  # inputs whose language is told, of a task and of a decision


@dataclass(frozen=True, slots=True)
class _Failing:
    """A goodness below `below` is a failure; `places` are the samples that failed, the worst first."""

    below: float
    evaluated: int
    places: Ints


def failures_of(task: StoredTask, numbers: TaskNumbers) -> Failures | None:
    """The failures by the main metric; None where none is told by sample, or no sample was evaluated.

    `numbers` are what is known of the task already: its fields and slices are parts here, too.
    """
    info = task.main
    found = _failing(task, info) if info else None
    if info is None or found is None:
        return None
    if not len(found.places):
        return Failures(info.name, info.better.goodness(found.below), 0, found.evaluated, better=info.better)
    ids, clustered, read = task.ours.ids, _clustered(task, found), _read(task)
    inputs = inputs_of(task, {*clustered.tolist(), *read.tolist()})
    others = [inputs.texts[place] for place in read.tolist()]
    told = {place: inputs.texts[place] for place in _told(task, read)}
    return Failures(
        info.name,
        info.better.goodness(found.below),
        len(found.places),
        found.evaluated,
        failing_parts(task, info, numbers, inputs.lengths, told),
        clusters_of({ids[i]: inputs.texts[i] for i in clustered.tolist()}, others),
        len(clustered),
        shown(task, _worst(task, found)),
        info.better,
    )


def failures_to_read(task: StoredTask) -> tuple[list[str], set[int]]:
    """The ids of the failures that are shown, and the places of the inputs that are read."""
    found = _failing(task, task.main) if task.main else None
    if found is None or not len(found.places):
        return [], set()
    return _worst(task, found), {*_clustered(task, found).tolist(), *_read(task).tolist()}


def _worst(task: StoredTask, found: _Failing) -> list[str]:
    return [task.ours.ids[place] for place in found.places[:MOST_SHOWN]]


def _clustered(task: StoredTask, found: _Failing) -> Ints:
    return _drawn(_one_of_each(task.ours.origins, found.places), MOST_CLUSTERED, task.settings.seed)


def _read(task: StoredTask) -> Ints:
    return _drawn(np.arange(len(task.ours.ids)), MOST_READ, task.settings.seed)


def _told(task: StoredTask, read: Ints) -> list[int]:
    """Those of the inputs whose language is told: the more tasks there are, the fewer of each."""
    tasks = sum(len(judged.results) for judged in task.material.get(CANDIDATE, {}).values())
    drawn = _drawn(read, min(_MOST_TOLD, _MOST_OF_ALL // max(1, tasks)), task.settings.seed)
    return [int(place) for place in drawn]


def _failing(task: StoredTask, info: MetricInfo) -> _Failing | None:
    """The failing samples by score, and of equal ones those without a readable answer first."""
    columns = task.ours
    known: Mask = np.all(evaluated(columns, info), axis=1)
    if not known.any():
        return None
    scores = np.where(known[:, None], info.better.goodness(scores_of(columns, info)), np.nan).mean(axis=1)
    below = 0.5 if info.aggregate == "rate" else _lowest_fifth(scores[known])
    unreadable = (columns.outcomes == OUTCOMES.index(Outcome.MODEL_FAILED)).any(axis=1)
    order = np.lexsort((~unreadable, scores))
    return _Failing(below, int(known.sum()), order[scores[order] < below])


def _lowest_fifth(scores: Floats) -> float:
    """The score below which the lowest fifth lies; never more than 1, so that a full score is no failure."""
    above = scores[scores > np.quantile(scores, 0.2, method="inverted_cdf")]
    return float(above.min(initial=1.0))


def _one_of_each(origins: Texts, places: Ints) -> Ints:
    """Of the perturbed copies of one sample the first: they are alike for no reason worth telling."""
    firsts = {origins[place] or f"\0{place}": place for place in reversed(places.tolist())}
    return np.array(list(firsts.values()), dtype=np.int64)


def _drawn(places: Ints, most: int, seed: int) -> Ints:
    """All the places, or as many as are allowed by chance, in order."""
    if len(places) > most:
        places = np.random.default_rng(seed).choice(places, most, replace=False)
    return np.sort(places)
