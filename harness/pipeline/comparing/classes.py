"""Which confusions moved between two runs of a classification."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from harness.core.runs import MetricInfo
from harness.pipeline.judging.series import series_of
from harness.report.comparing.view import Confusions, Moved
from harness.stats.series import Ints
from harness.stats.symmetry import bowker, stuart_maxwell
from harness.store.columns import TaskColumns

_MOST_MOVED = 20


def confusions(ours: TaskColumns, theirs: TaskColumns, classes: tuple[str, ...]) -> Confusions:
    """Wrong answers that became rarer or more frequent on the samples that both sides were evaluated on."""
    info, both = MetricInfo("macro_f1", "macro_f1", 1, classes), ~(ours.lost.any(axis=1) | theirs.lost.any(axis=1))
    mine, its = (series_of(one, info, favour=False) for one in (ours, theirs))
    assert mine.targets is not None
    assert mine.answers is not None
    assert its.answers is not None
    kept = np.repeat(both, ours.repeats)
    targets, answers = mine.targets[kept], (mine.answers[kept], its.answers[kept])
    moved, samples = _moved(targets, answers, classes), int(both.sum())
    if mine.groups is not None:
        reason = "samples share groups or were asked several times, which these tests do not allow for"
        return Confusions(moved, samples, untested=reason)
    table = np.zeros((len(classes) + 1, len(classes) + 1), dtype=np.int64)
    np.add.at(table, answers, 1)
    return Confusions(moved, samples, bowker(table).p, stuart_maxwell(table).p)


def _moved(targets: Ints, answers: tuple[Ints, Ints], classes: Sequence[str]) -> tuple[Moved, ...]:
    mine, its = (Counter(zip(targets.tolist(), side.tolist(), strict=True)) for side in answers)
    wrong = sorted(key for key in {*mine, *its} if key[0] != key[1] and mine[key] != its[key])
    wrong.sort(key=lambda key: -abs(mine[key] - its[key]))
    return tuple(
        Moved(classes[target], classes[answer] if answer >= 0 else None, (mine[target, answer], its[target, answer]))
        for target, answer in wrong[:_MOST_MOVED]
    )
