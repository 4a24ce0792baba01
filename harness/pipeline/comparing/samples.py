"""A metric of two runs, sample by sample."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.pipeline.judging.comparable import Asked
from harness.pipeline.judging.series import evaluated, series_of
from harness.stats.series import Floats, Series

_NO_CHANGE = 1e-12


class AskedPair(NamedTuple):
    """One metric of one task on both sides, fit to be compared."""

    ours: Asked
    theirs: Asked


def series_pair(pair: AskedPair) -> tuple[Series, Series]:
    """Both sides as a gate takes them: what A lost is wrong, what B lost is right."""
    ours, theirs = pair
    return series_of(ours.result, ours.info, favour=False), series_of(theirs.result, theirs.info, favour=True)


def by_sample(pair: AskedPair) -> tuple[Floats, Floats]:
    """Both sides' scores, the mean of a sample's repeats; of macro-F1 right is 1 and wrong 0."""
    ours, theirs = (one.values.reshape(one.samples, -1).mean(axis=1) for one in series_pair(pair))
    return ours, theirs


def evaluated_on_both(pair: AskedPair) -> NDArray[np.bool_]:
    """The samples that both sides were evaluated on, in every repeat."""
    known = np.stack([evaluated(one.result, one.info) for one in pair])
    found: NDArray[np.bool_] = np.all(known, axis=(0, 2))
    return found


def changes(pair: AskedPair) -> Floats:
    """By how much A is better than B, sample by sample; 0 where either side was not evaluated."""
    better = pair.ours.info.better
    ours, theirs = (better.goodness(scores) for scores in by_sample(pair))
    change = np.where(evaluated_on_both(pair), ours - theirs, 0.0)
    return np.where(np.abs(change) > _NO_CHANGE, change, 0.0)
