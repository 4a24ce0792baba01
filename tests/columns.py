"""A task's result made by hand, as the columns that the store would give for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import numpy as np

from harness.core.endings import Ending, ending_of
from harness.core.runs import TaskResult
from harness.core.samples import Score
from harness.store.columns import ENDINGS, OUTCOMES, USAGE, TaskColumns


def columns(result: TaskResult) -> TaskColumns:
    """The columns of a result. A sample id that stands twice has its answers in the last place."""
    place, shape = {sample.id: i for i, sample in enumerate(result.samples)}, (len(result.samples), result.repeats)
    outcomes, latencies = np.full(shape, -1), np.full(shape, np.inf)
    texts = np.full(shape, None, dtype=object)
    for output in result.outputs:
        if output.sample_id in place and output.error is None and output.latency is not None:
            latencies[place[output.sample_id], output.repeat] = output.latency
    usage = {name: np.full(shape, np.nan) for name in USAGE}
    for output in result.outputs:
        for name in USAGE if output.sample_id in place and output.choices is None else ():
            told = getattr(output, name)
            usage[name][place[output.sample_id], output.repeat] = np.nan if told is None else told
    for answer in result.answers:
        if answer.sample_id in place:
            at = place[answer.sample_id], answer.repeat
            outcomes[at], texts[at] = OUTCOMES.index(answer.outcome), json.dumps(answer.value)
    finishes = np.full(shape, ENDINGS.index(Ending.LOST))
    for output in result.outputs:
        if output.sample_id in place:
            finishes[place[output.sample_id], output.repeat] = ENDINGS.index(ending_of(output))
    return TaskColumns(
        result.task,
        tuple(sample.id for sample in result.samples),
        tuple(json.dumps(sample.target) for sample in result.samples),
        tuple(sample.group for sample in result.samples),
        tuple(json.dumps(dict(sample.slices)) for sample in result.samples),
        tuple(sample.origin for sample in result.samples),
        outcomes,
        latencies,
        tuple(texts.ravel().tolist()),
        arrays(result.scores, list(place), result.repeats) if len(place) == len(result.samples) else {},
        usage,
        finishes,
    )


def arrays(scores: Iterable[Score], ids: Sequence[str], repeats: int = 1) -> dict[tuple[str, str], np.ndarray]:
    """Scores by metric and part, each (samples, repeats)."""
    place: dict[str, int] = {name: i for i, name in enumerate(ids)}
    found: dict[tuple[str, str], np.ndarray] = {}
    for score in scores:
        if score.sample_id in place:
            values = found.setdefault((score.metric, score.part), np.full((len(ids), repeats), np.nan))
            values[place[score.sample_id], score.repeat] = np.nan if score.value is None else score.value
    return found
