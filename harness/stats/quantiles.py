"""Quantiles with distribution-free bounds (order statistics)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.core.estimates import Estimate, Unestimable
from harness.stats import special

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CHUNK_CELLS = 1_000_000


def quantile(values: Floats, q: float, alpha: float) -> Estimate | Unestimable:
    """The q-quantile with one-sided bounds that are order statistics; what is no number counts as the largest.

    A bound is None where no order statistic reaches the confidence (p95 needs 59 values for an upper one).
    """
    n = len(values)
    if n == 0:
        return Unestimable("no measurements")
    ordered = np.sort(np.where(np.isfinite(values), values, np.inf))
    low, high = ranks(n, q, alpha)
    value = float(ordered[min(n - 1, max(0, int(np.ceil(q * n)) - 1))])
    if not np.isfinite(value):
        return Unestimable("the quantile falls among requests that failed", n)
    upper = float(ordered[high - 1]) if high else None
    if upper is not None and not np.isfinite(upper):
        upper = None
    return Estimate(value, float(ordered[low - 1]) if low else None, upper, 1 - alpha, n, "order statistics")


def ranks(n: int, q: float, alpha: float) -> tuple[int | None, int | None]:
    """Ranks (from 1) of the lower and upper bound.

    Lower: the largest l with P(Bin(n, q) >= l) >= 1 - alpha.
    Upper: the smallest u with P(Bin(n, q) <= u - 1) >= 1 - alpha.
    """
    every = np.arange(1, n + 1)
    enough_low = every[special.bdtrc(every - 1, n, q) >= 1 - alpha]
    enough_high = every[special.bdtr(every - 1, n, q) >= 1 - alpha]
    low = int(enough_low[-1]) if len(enough_low) else None
    return low, int(enough_high[0]) if len(enough_high) else None


def p_quantile_above(values: Floats, q: float, threshold: float) -> float:
    """One-sided p of "the q-quantile is above `threshold`": P(Bin(n, q) <= values at or below the threshold)."""
    below = int(np.sum(np.isfinite(values) & (values <= threshold)))
    return float(special.bdtr(below, len(values), q))


def quantile_ratio(
    candidate: Floats,
    baseline: Floats,
    q: float,
    alpha: float,
    resamples: int,
    seed: int,
    blocks: tuple[Ints, Ints] | None = None,
) -> Estimate | Unestimable:
    """The candidate's q-quantile over the baseline's, of values >= 0, with bootstrap bounds, each one-sided.

    What is no number counts as the largest. `blocks` number the block (a session, a stretch of time) of each
    candidate's and each baseline's value: blocks are drawn whole, both models together. A bound is None where one of
    the two quantiles has no bound of its own on that side, or where failures reach it.
    """
    ours, theirs = (np.sort(np.where(np.isfinite(values), values, np.inf)) for values in (candidate, baseline))
    n = len(ours)
    if not n or not len(theirs):
        return Unestimable("no measurements", n)
    top, bottom = _at(ours, q), _at(theirs, q)
    if not np.isfinite([top, bottom]).all() or bottom <= 0:
        return Unestimable("the quantile falls among requests that failed, or is 0", n)
    if blocks is None:
        rng = np.random.default_rng(seed)
        draws = _redrawn(ours, q, resamples, rng), _redrawn(theirs, q, resamples, rng)
    elif len(np.unique(np.concatenate(blocks))) < 2:
        return Unestimable("all measurements come from one block", n)
    else:
        draws = _redrawn_by_block((candidate, baseline), blocks, q, resamples, seed)
    low, high = _ratio_bounds(*draws, alpha)
    (ours_low, ours_high), (theirs_low, theirs_high) = ranks(n, q, alpha), ranks(len(theirs), q, alpha)
    value = top / bottom
    return Estimate(
        value,
        min(low, value) if ours_low and theirs_high else None,
        max(high, value) if ours_high and theirs_low and np.isfinite(high) else None,
        1 - alpha, n, "bootstrap of a ratio" if blocks is None else "block bootstrap of a ratio",
    )  # fmt: skip


def _at(ordered: Floats, q: float) -> float:
    return float(ordered[max(1, int(np.ceil(q * len(ordered)))) - 1])


def _redrawn(ordered: Floats, q: float, resamples: int, rng: np.random.Generator) -> Floats:
    """The q-quantile of each resample. Its place is a value of the same rank among n uniform ones, which is Beta."""
    n = len(ordered)
    rank = max(1, int(np.ceil(q * n)))
    place = np.ceil(n * rng.beta(rank, n - rank + 1, size=resamples)).astype(np.int64)
    found: Floats = ordered[np.clip(place, 1, n) - 1]
    return found


def _redrawn_by_block(
    sides: tuple[Floats, Floats], blocks: tuple[Ints, Ints], q: float, resamples: int, seed: int
) -> tuple[Floats, Floats]:
    """The q-quantiles of both sides in each resample of blocks; NaN where no value of a side was drawn."""
    found, number = np.unique(np.concatenate(blocks), return_inverse=True)
    rng, even = np.random.default_rng(seed), np.full(len(found), 1 / len(found))
    step = max(1, _CHUNK_CELLS // max(len(number), len(found)))
    numbers, drawn = np.split(number, [len(blocks[0])]), []
    for start in range(0, resamples, step):
        times = rng.multinomial(len(found), even, size=min(step, resamples - start))
        drawn.append([_weighted(side, times[:, block], q) for side, block in zip(sides, numbers, strict=True)])
    ours, theirs = (np.concatenate(side) for side in zip(*drawn, strict=True))
    return ours, theirs


def _weighted(values: Floats, times: Ints, q: float) -> Floats:
    """The q-quantile of values that occur `times` (resamples, n) times."""
    order = np.argsort(np.where(np.isfinite(values), values, np.inf))
    reached = np.cumsum(times[:, order], axis=1)
    total = reached[:, -1]
    place = np.argmax(reached >= np.maximum(1, np.ceil(q * total))[:, None], axis=1)
    ordered = np.where(np.isfinite(values), values, np.inf)[order]
    return np.where(total > 0, ordered[place], np.nan)


def _ratio_bounds(ours: Floats, theirs: Floats, alpha: float) -> tuple[float, float]:
    """Percentile bounds; a draw without a ratio counts as the worst one for either bound."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = ours / theirs
    undefined, place = np.isnan(ratio), int(alpha * len(ratio))
    low, high = np.sort(np.where(undefined, 0.0, ratio)), np.sort(np.where(undefined, np.inf, ratio))
    return float(low[place]), float(high[-1 - place])
