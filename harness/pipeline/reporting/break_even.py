"""After how many requests a candidate's training is paid for by what each request saves against the frontier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.core.presentation import Prices
from harness.pipeline.reporting.training_cost import TrainingCost
from harness.report.material import CANDIDATE
from harness.report.service import BreakEven, Cost


def break_even(costs: Sequence[Cost], prices: Prices | None, training: TrainingCost) -> BreakEven | None:
    """The break-even; None where prices name no frontier. Fixed costs are shared among the requests of a month."""
    if prices is None or prices.frontier is None:
        return None
    known = {one.role: one for one in costs}
    ours, theirs = known.get(CANDIDATE), known.get(prices.frontier)
    base = BreakEven(prices.frontier, prices.currency, training.value, per_month=prices.requests)
    if ours is None or theirs is None or ours.per_request is None or theirs.per_request is None:
        lacking = CANDIDATE if ours is None or ours.per_request is None else prices.frontier
        return replace(base, reason=f"the cost of a request to {lacking} is not known")
    if training.value is None:
        return replace(base, reason=training.reason)
    fixed = prices.fixed / prices.requests if prices.requests else prices.fixed and float("inf")
    saved = theirs.per_request - ours.per_request - fixed
    if saved <= 0:
        return replace(base, saved=saved, never=True, reason=f"the candidate costs no less than {prices.frontier}")
    most, least = _saved(theirs.high, ours.low, fixed), _saved(theirs.low, ours.high, fixed)
    return replace(
        base,
        saved=saved,
        requests=training.value / saved,
        soonest=training.value / most if most else None,
        latest=training.value / least if least and least > 0 else None,
    )


def _saved(theirs: float | None, ours: float | None, fixed: float) -> float | None:
    return None if theirs is None or ours is None else theirs - ours - fixed
