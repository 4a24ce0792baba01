"""The ratio of two quantiles: what a slower model may be called, with failures, blocks and few values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.estimates import Estimate, Unestimable
from harness.stats.quantiles import quantile_ratio

times = st.lists(st.floats(0.001, 100) | st.just(math.inf), max_size=80).map(lambda found: np.array(found, dtype=float))


def ratio(candidate: np.ndarray, baseline: np.ndarray, q: float = 0.5, blocks: object = None) -> Estimate:
    found = quantile_ratio(candidate, baseline, q, 0.05, 1999, 1, blocks)  # type: ignore[arg-type]
    assert isinstance(found, Estimate)
    return found


@settings(deadline=None)
@given(times, times, st.sampled_from([0.5, 0.95, 0.99]), st.booleans())
def test_every_number_is_finite_and_around_the_ratio(
    ours: np.ndarray, theirs: np.ndarray, q: float, blocked: bool
) -> None:
    blocks = (np.arange(len(ours)) % 7, np.arange(len(theirs)) % 7) if blocked else None
    found = quantile_ratio(ours, theirs, q, 0.05, 199, 1, blocks)
    if isinstance(found, Unestimable):
        return
    assert math.isfinite(found.value)
    assert found.low is None or 0 <= found.low <= found.value + 1e-12
    assert found.high is None or found.value - 1e-12 <= found.high < math.inf


def test_without_values_there_is_no_ratio() -> None:
    some = np.ones(10)
    assert quantile_ratio(np.array([]), some, 0.5, 0.05, 99, 1) == Unestimable("no measurements", 0)
    assert quantile_ratio(some, np.array([]), 0.5, 0.05, 99, 1) == Unestimable("no measurements", 10)
    for ours, theirs in ((np.full(10, np.inf), some), (some, np.full(10, np.nan)), (some, np.zeros(10))):
        assert isinstance(quantile_ratio(ours, theirs, 0.5, 0.05, 99, 1), Unestimable)
    one = np.zeros(10, dtype=int)
    assert quantile_ratio(some, some, 0.5, 0.05, 99, 1, (one, one)) == Unestimable(
        "all measurements come from one block", 10
    )


def test_the_fast_draw_is_the_bootstrap() -> None:
    """A rank drawn from Beta is the quantile of a resample; blocks of one value draw resamples in fact."""
    rng = np.random.default_rng(0)
    ours, theirs = rng.lognormal(size=300), rng.lognormal(size=300)
    for q in (0.5, 0.95):
        fast = quantile_ratio(ours, theirs, q, 0.05, 8000, 1)
        slow = quantile_ratio(ours, theirs, q, 0.05, 8000, 2, (np.arange(300), np.arange(300, 600)))
        assert isinstance(fast, Estimate)
        assert isinstance(slow, Estimate)
        assert (slow.value, slow.low, slow.high) == pytest.approx((fast.value, fast.low, fast.high), rel=0.05)
        assert slow.method == "block bootstrap of a ratio"


@pytest.mark.parametrize(("n", "q", "has"), [(58, 0.95, False), (59, 0.95, True), (298, 0.99, False)])
def test_few_values_give_no_upper_bound(n: int, q: float, has: bool) -> None:
    values = np.linspace(1, 2, n)
    assert (ratio(values, np.linspace(1, 2, 1000), q).high is not None) == has
    assert (ratio(np.linspace(1, 2, 1000), values, q).low is not None) == has


def test_failures_are_the_slowest() -> None:
    values = np.linspace(1, 2, 200)
    failed = np.where(np.arange(200) % 25 == 24, np.inf, values)
    assert ratio(failed, values, 0.95).high is None
    assert ratio(failed, values, 0.5).high > ratio(values, values, 0.5).high  # type: ignore[operator]


def test_slow_sessions_make_it_less_certain() -> None:
    """Half the sessions are slow, for both models. Drawn together the ratio stays; each on its own, it does not."""
    session = np.repeat(np.arange(20), 20)
    values = np.where(session % 2 == 0, 1.0, 3.0) * np.random.default_rng(0).lognormal(0, 0.05, 400)
    together = ratio(values, values.copy(), 0.5, (session, session))
    assert together.low == together.high == 1.0
    assert ratio(values, values, 0.9).high < 1.2  # type: ignore[operator]
    assert ratio(values, values, 0.5, (session, session + 20)).high > 2  # type: ignore[operator]


def test_an_equal_model_is_wrongly_called_slower_in_at_most_7_percent() -> None:
    rng = np.random.default_rng(4)
    wrong = sum(ratio(*rng.lognormal(0, 0.5, (2, 200)), 0.95).low > 1 for _ in range(400))  # type: ignore
    assert wrong / 400 <= 0.07
