"""Two streams compared at any time: fair games under the null, few false claims however often one looks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from harness.core.estimates import Estimate, Unestimable
from harness.stats import streams
from harness.stats.streams import Tally, quantile_ratio, rate_difference

ALPHA = 0.05
PEEKS = np.unique(np.geomspace(20, 1_200, 50).astype(int))


def tally(values: np.ndarray) -> Tally:
    return Tally(*np.unique(values, return_counts=True))


@pytest.mark.parametrize("rate", [0.001, 0.05, 0.5, 0.95])
@pytest.mark.parametrize("n", [1, 40, 300])
def test_a_stake_is_a_fair_game_at_best(rate: float, n: int) -> None:
    """Exactly: over all that can come, its mean is at most 1."""
    successes = np.arange(n + 1)
    stakes = streams._stake(successes, n, rate, ALPHA)
    assert float(np.exp(binom.logpmf(successes, n, rate) + stakes).sum()) <= 1 + 1e-9


def test_the_sides_may_be_changed_over() -> None:
    one, other = (30, 400), (12, 900)
    left, right = rate_difference(one, other, ALPHA).evidence, rate_difference(other, one, ALPHA).evidence
    assert isinstance(left, Estimate)
    assert isinstance(right, Estimate)
    assert (left.value, left.low, left.high) == pytest.approx((-right.value, -right.high, -right.low), abs=1e-6)
    assert left.low < left.value < left.high


@pytest.mark.parametrize(
    ("ours", "theirs", "kept"),
    [((0, 200), (0, 3800), False), ((0, 900), (0, 17_000), True), ((200, 1000), (1, 19_000), False)],
)
def test_a_margin_of_a_point_takes_hundreds_of_requests(
    ours: tuple[int, int], theirs: tuple[int, int], kept: bool
) -> None:
    assert (rate_difference(ours, theirs, ALPHA).p_below(0.01) <= ALPHA) is kept  # type: ignore[operator]


def test_bounds_and_p_values_agree() -> None:
    found = rate_difference((40, 500), (100, 5000), ALPHA)
    assert isinstance(found.evidence, Estimate)
    for bound, p in ((found.evidence.low, found.p_above), (found.evidence.high, found.p_below)):
        assert bound is not None
        assert p(bound) == pytest.approx(ALPHA, rel=0.02)


def test_the_cells_only_lose_power(monkeypatch: pytest.MonkeyPatch) -> None:
    coarse = streams._p_rate_below((12, 700), (150, 9000), 0.012, ALPHA)
    monkeypatch.setattr(streams, "_CELLS", 20_000)
    fine = streams._p_rate_below((12, 700), (150, 9000), 0.012, ALPHA)
    assert fine <= coarse <= 1.6 * fine


def test_many_distinct_times_are_no_other_than_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only some of the steps are looked at, p is no smaller than where all are."""
    rng = np.random.default_rng(3)
    ours, theirs = tally(rng.lognormal(0, 0.5, 3000)), tally(rng.lognormal(0, 0.5, 9000))
    some = quantile_ratio(ours, theirs, 0.95, ALPHA).p_below(1.12)
    monkeypatch.setattr(streams, "_CELLS", 5_000)
    every = quantile_ratio(ours, theirs, 0.95, ALPHA).p_below(1.12)
    assert every is not None
    assert some is not None
    assert every <= some <= 2 * every


def test_equal_lengths_are_as_long_as_each_other() -> None:
    same = Tally(np.array([7.0]), np.array([300]))
    found = quantile_ratio(same, same, 0.5, ALPHA)
    assert isinstance(found.evidence, Estimate)
    assert (found.evidence.value, found.evidence.low, found.evidence.high) == pytest.approx((1, 1, 1), abs=1e-5)
    longer = Tally(np.array([8.75]), np.array([300]))
    assert quantile_ratio(longer, same, 0.5, ALPHA).p_below(1.25) == 1.0  # 8.75 is not below 1.25 times 7


def test_what_has_no_bound_has_none() -> None:
    some, none = Tally(np.array([1.0, 2.0]), np.array([5, 5])), Tally(np.array([]), np.array([], dtype=np.int64))
    few = quantile_ratio(some, some, 0.95, ALPHA).evidence
    assert isinstance(few, Estimate)
    assert few.high is None
    for found in (quantile_ratio(some, none, 0.95, ALPHA), rate_difference((0, 0), (1, 9), ALPHA)):
        assert isinstance(found.evidence, Unestimable)
        assert found.p_below(1.0) is None
    failed = Tally(np.array([1.0, math.inf]), np.array([80, 20]))
    most = quantile_ratio(failed, Tally(np.array([1.0]), np.array([1000])), 0.95, ALPHA)
    assert most.p_below(1.25) == 1.0
    assert most.p_above(1.25) < 0.01  # type: ignore[operator]
    assert isinstance(quantile_ratio(some, failed, 0.95, ALPHA).evidence, Unestimable)


def _claims(ours: float, theirs: float, claim: str, seed: int, runs: int = 30, times: int = 9) -> int:
    """In how many runs "the difference is below / above 0.05" is claimed at one of 50 peeks at least."""
    rng, count = np.random.default_rng(seed), 0
    for _ in range(runs):
        one, other = (np.cumsum(rng.random(PEEKS[-1] * k) < rate) for k, rate in ((1, ours), (times, theirs)))
        for n in PEEKS:
            sides = (int(one[n - 1]), int(n)), (int(other[times * n - 1]), int(times * n))
            if claim == "below":
                p = streams._p_rate_below(*sides, 0.05, ALPHA)
            else:
                p = streams._p_rate_below(sides[1], sides[0], -0.05, ALPHA)
            if p <= ALPHA:
                count += 1
                break
    return count


@pytest.mark.slow
def test_fifty_peeks_at_the_boundary_advance_seldom_enough() -> None:
    """30 runs at a chance of at most 5 % each: more than 4 come in one of sixty such tests."""
    assert _claims(0.10, 0.05, "below", seed=1) <= 4


@pytest.mark.slow
def test_fifty_peeks_at_equals_roll_back_seldom_enough() -> None:
    assert _claims(0.05, 0.05, "above", seed=2) <= 4


@pytest.mark.slow
def test_what_is_so_is_found_in_time() -> None:
    assert _claims(0.02, 0.02, "below", seed=3, runs=10) >= 9
    assert _claims(0.25, 0.05, "above", seed=4, runs=10) == 10


@pytest.mark.parametrize("claim", ["below", "above"])
def test_peeks_at_a_quantile_on_the_boundary_err_seldom_enough(claim: str) -> None:
    rng, count = np.random.default_rng(5), 0
    for _ in range(40):
        ours, theirs = 1.25 * rng.lognormal(0, 0.5, 1500), rng.lognormal(0, 0.5, 13_500)
        for n in PEEKS[4::5]:
            sides = tally(np.round(ours[:n], 2)), tally(np.round(theirs[: 9 * n], 2))
            if claim == "below":
                p = streams._p_quantile_below(*sides, 0.95, 1.25, ALPHA)
            else:
                p = streams._p_quantile_below(sides[1], sides[0], 0.95, 1 / 1.25, ALPHA)
            if p <= ALPHA:
                count += 1
                break
    assert count <= 6
