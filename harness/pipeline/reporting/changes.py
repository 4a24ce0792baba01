"""How answers changed against a baseline, sample by sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.pipeline.comparing.samples import changes, evaluated_on_both
from harness.pipeline.reporting.pairs import asked_pair, problem_between
from harness.pipeline.reporting.shown import shown
from harness.pipeline.reporting.task import StoredTask
from harness.report.material import CANDIDATE
from harness.report.numbers import Changes

MOST = 25


@dataclass(frozen=True, slots=True)
class _Changed:
    """Ids of samples, the largest change first; `both` and `unknown` count those evaluated on both sides, or not."""

    fallen: list[str]
    risen: list[str]
    both: int
    unknown: int


def changes_of(task: StoredTask, baseline: str) -> Changes | None:
    """What got worse and better by the main metric; None where none is told by sample, or the two ran other tasks."""
    found = _changed(task, baseline)
    if found is None or task.main is None:
        return None
    fallen, risen = found.fallen, found.risen
    told = shown(task, [*fallen[:MOST], *risen[:MOST]])
    return Changes(
        baseline,
        task.main.name,
        worse=len(fallen),
        better=len(risen),
        same=found.both - len(fallen) - len(risen),
        unknown=found.unknown,
        fallen=told[: min(len(fallen), MOST)],
        risen=told[min(len(fallen), MOST) :],
    )


def shown_changes(task: StoredTask) -> list[str]:
    """The ids of the samples that are shown of every baseline's changes."""
    found = [_changed(task, role) for role in task.columns if role != CANDIDATE]
    return [name for one in found if one for ids in (one.fallen, one.risen) for name in ids[:MOST]]


def _changed(task: StoredTask, baseline: str) -> _Changed | None:
    if task.main is None or baseline not in task.columns or problem_between(task, baseline):
        return None
    pair = asked_pair(task, baseline)
    known, change = evaluated_on_both(pair), changes(pair)
    order = np.argsort(-np.abs(change), kind="stable")
    fallen, risen = ([task.ours.ids[place] for place in order[change[order] * sign > 0]] for sign in (-1, 1))
    return _Changed(fallen, risen, int(known.sum()), int((~known).sum()))
