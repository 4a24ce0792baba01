"""Ratios of totals: by hand, the same however they are written, and with bounds that hold where amounts are skewed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.estimates import Estimate, Unestimable
from harness.stats.analysis import absolute, share
from harness.stats.series import Floats, Pair, Series, Settings, weakness

SETTINGS = Settings(alpha=0.05, resamples=1_999, seed=7, min_samples=30)


def cost(values: Floats | list[float], **more: object) -> Series:
    return replace(Series("cost", np.asarray(values, dtype=float)), **more)  # type: ignore[arg-type]


def estimate(series: Series) -> Estimate:
    found = absolute(series, SETTINGS).evidence
    assert isinstance(found, Estimate)
    return found


def ratio(ours: Series, theirs: Series) -> Estimate:
    found = share(Pair(ours, theirs), SETTINGS).evidence
    assert isinstance(found, Estimate)
    return found


def skewed(n: int, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).lognormal(0.0, 0.8, n)


def test_a_failed_request_is_paid_for_and_is_no_answer() -> None:
    amounts = np.tile([1.0, 2.0, 3.0], 20)
    assert estimate(cost(amounts)).value == pytest.approx(2.0)
    answered = np.ones(60)
    answered[:12] = 0.0
    assert estimate(cost(amounts, answered=answered)).value == pytest.approx(120 / 48)


def test_the_bounds_lie_on_both_sides_and_further_off_above() -> None:
    found = estimate(cost(skewed(100)))
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < found.value < found.high
    assert found.high - found.value > found.value - found.low
    assert found.method == "bootstrap-t of a mean, 1999 resamples"


def test_one_share_of_everything_is_that_share_without_doubt() -> None:
    amounts = skewed(80)
    found = ratio(cost(amounts / 20), cost(amounts))
    assert (found.value, found.low, found.high) == pytest.approx((0.05, 0.05, 0.05))


def test_pairs_tell_more_than_two_samples_of_the_same_size() -> None:
    ours = skewed(200)
    theirs = 20 * ours * np.random.default_rng(2).uniform(0.9, 1.1, 200)
    groups = np.arange(200)
    paired = ratio(cost(ours, groups=groups), cost(theirs, groups=groups))
    apart = ratio(cost(ours, groups=groups), cost(theirs, groups=groups + 200))
    assert paired.value == pytest.approx(apart.value)
    assert (paired.high or 0) < (apart.high or 0)
    assert "paired" in paired.method
    assert "independent" in apart.method


def test_asking_the_same_samples_again_brings_no_certainty() -> None:
    once = cost(skewed(60), groups=np.arange(60))
    again = cost(np.tile(once.values, 5), groups=np.tile(np.arange(60), 5))
    assert estimate(again).high == pytest.approx(estimate(once).high)
    few = cost(np.tile(skewed(10), 30), groups=np.tile(np.arange(10), 30))
    assert weakness(few, SETTINGS) == "the samples come from only 10 groups; at least 20 are needed"


def test_fewer_than_fifty_nine_requests_prove_nothing() -> None:
    assert "58 samples are too few" in str(weakness(cost(skewed(58)), SETTINGS))
    assert weakness(cost(skewed(59)), SETTINGS) is None


@pytest.mark.parametrize(
    ("series", "reason"),
    [
        (cost(np.zeros(60)), "nothing was spent"),
        (cost(np.ones(60), answered=np.zeros(60)), "nothing was answered"),
        (cost(np.ones(60), groups=np.zeros(60, dtype=np.int64)), "one sample"),
        (cost([np.nan, *np.ones(59)]), "not a number"),
        (cost([np.inf, *np.ones(59)]), "not a number"),
        (cost([]), "no samples"),
    ],
)
def test_what_is_no_cost_is_no_number(series: Series, reason: str) -> None:
    for found in (absolute(series, SETTINGS), share(Pair(series, cost(np.ones(60))), SETTINGS)):
        assert isinstance(found.evidence, Unestimable)
        assert reason in found.evidence.reason
        assert found.p_above(1.0) is None


def test_p_values_and_bounds_agree() -> None:
    found = absolute(cost(skewed(120)), SETTINGS)
    assert isinstance(found.evidence, Estimate)
    assert found.evidence.high is not None
    assert found.evidence.low is not None
    assert found.p_below(found.evidence.high * 1.1) < 0.05 < found.p_below(found.evidence.high * 0.95)  # type: ignore[operator]
    assert found.p_above(found.evidence.low * 0.9) < 0.05 < found.p_above(found.evidence.low * 1.05)  # type: ignore[operator]
    assert found.noise is not None
    assert 0 < found.noise < 0.05 * found.evidence.value


def test_many_samples_need_no_bootstrap() -> None:
    amounts = skewed(2_001)
    many, drawn = estimate(cost(amounts)), estimate(cost(amounts[:2_000]))
    assert (many.method, drawn.method) == ("normal bounds of a mean, 1999 resamples", drawn.method)
    assert many.high == pytest.approx(drawn.high, rel=0.01)
    other = cost(skewed(2_500, 5), groups=np.arange(2_500) + 9_000)
    apart = ratio(cost(amounts), other)
    assert (apart.high or 0) - apart.value == pytest.approx(
        apart.value * 1.645 * 0.95 * (1 / 2_001 + 1 / 2_500) ** 0.5, rel=0.15
    )


def test_equal_amounts_are_known_exactly() -> None:
    found = absolute(cost(np.full(60, 0.006)), SETTINGS)
    assert isinstance(found.evidence, Estimate)
    assert (found.evidence.low, found.evidence.high) == pytest.approx((0.006, 0.006))
    assert found.p_above(0.005) < 0.01 < found.p_above(0.007)  # type: ignore[operator]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(1.01, 50.0))
def test_whoever_pays_more_for_each_request_never_looks_cheaper(seed: int, factor: float) -> None:
    amounts, other = skewed(59, seed), cost(skewed(59, seed + 1))
    cheap, dear = estimate(cost(amounts)), estimate(cost(amounts * factor))
    assert dear.value == pytest.approx(factor * cheap.value)
    assert (dear.high or np.inf) == pytest.approx(factor * (cheap.high or np.inf))
    assert (ratio(cost(amounts), other).high or np.inf) < (ratio(cost(amounts * factor), other).high or np.inf)


@pytest.mark.parametrize(("n", "sigma"), [(59, 0.5), (59, 0.8), (200, 1.0)])
def test_bounds_of_skewed_amounts_hold_as_often_as_they_say(n: int, sigma: float) -> None:
    """Nominal 95 %, less 2 points; Monte-Carlo noise of 800 simulations is 0.8 points."""
    rng, truth, kept = np.random.default_rng(3), float(np.exp(sigma**2 / 2)), 0
    for seed in range(800):
        found = absolute(cost(rng.lognormal(0, sigma, n)), replace(SETTINGS, resamples=999, seed=seed)).evidence
        assert isinstance(found, Estimate)
        kept += (found.high or np.inf) > truth
    assert kept / 800 >= 0.93
