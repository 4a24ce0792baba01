"""How answers changed against a baseline, sample by sample."""

from __future__ import annotations

import numpy as np

from harness.pipeline.comparing.samples import changes, evaluated_on_both
from harness.pipeline.reporting.pairs import asked_pair, problem_between
from harness.pipeline.reporting.shown import shown
from harness.pipeline.reporting.task import StoredTask
from harness.report.numbers import Changes

MOST = 25


def changes_of(task: StoredTask, baseline: str) -> Changes | None:
    """What got worse and better by the main metric; None where none is told by sample, or the two ran other tasks."""
    info = task.main
    if info is None or baseline not in task.columns or problem_between(task, baseline):
        return None
    pair = asked_pair(task, baseline)
    known, change = evaluated_on_both(pair), changes(pair)
    order = [int(place) for place in np.argsort(-np.abs(change), kind="stable") if change[place]]
    fallen, risen = ([task.ours.ids[place] for place in order if change[place] * sign > 0] for sign in (-1, 1))
    told = shown(task, [*fallen[:MOST], *risen[:MOST]])
    return Changes(
        baseline,
        info.name,
        worse=len(fallen),
        better=len(risen),
        same=int(known.sum()) - len(order),
        unknown=int((~known).sum()),
        fallen=told[: min(len(fallen), MOST)],
        risen=told[min(len(fallen), MOST) :],
    )
