"""Confidence sequences: published values, a fair game under the null, and few false alarms however often one looks."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import bdtrc

from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.stats import eprocess
from harness.stats.analysis import absolute, difference
from harness.stats.paired import Table, p_above
from harness.stats.series import Pair, Series, Settings

SETTINGS = Settings(alpha=0.05, resamples=99, seed=7, min_samples=30, anytime=True)
FIXED = Settings(alpha=0.05, resamples=99, seed=7, min_samples=30)
ENOUGH = math.log(20)
rights = st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=60).map(np.array)
scores = st.lists(st.floats(0, 1), min_size=1, max_size=60).map(np.array)
WEIGHT = eprocess.strength(eprocess.BEST_AT, 0.1)


@pytest.mark.parametrize(
    ("successes", "n", "best_at", "low", "high"),
    [
        (700, 1000, 100, 0.651629, 0.745949),
        (15, 50, 50, 0.129556, 0.511896),
        (5, 50, 50, 0.013021, 0.269264),
        (100, 200, 1, 0.328923, 0.671076),
    ],
)
def test_the_beta_binomial_mixture_is_that_of_confseq(
    successes: int, n: int, best_at: float, low: float, high: float
) -> None:
    weight = eprocess.strength(best_at, 0.05)

    def kept(rate: float) -> bool:
        return eprocess.beta_binomial(successes, n, rate, weight, two_sided=True) < ENOUGH

    assert [kept(low - 5e-6), kept(low + 5e-6), kept(high - 5e-6), kept(high + 5e-6)] == [False, True, True, False]


def test_the_normal_mixture_is_that_of_confseq() -> None:
    rho = eprocess.rho(100, 0.05)
    assert rho == pytest.approx(12.60056, abs=1e-5)
    assert math.sqrt((100 + rho) * math.log((100 + rho) / (rho * 0.05**2))) == pytest.approx(30.35209, abs=1e-5)


def test_a_uniform_mixture_has_its_exact_value() -> None:
    assert math.exp(eprocess.beta_binomial(9, 10, 0.5, 2.0, two_sided=True)) == pytest.approx(1024 / 110)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9, 0.99])
def test_a_stake_against_the_truth_is_worth_one_on_the_mean_and_less_below(rate: float) -> None:
    for stake in (
        lambda k, n: eprocess.beta_binomial(k, n, rate, WEIGHT),
        lambda k, n: eprocess.bets(np.array([0.0, 1.0]), np.array([n - k, k], dtype=float), rate),
    ):
        assert _worth(stake, 30, rate) == pytest.approx(1)
        assert _worth(stake, 30, rate - 0.05) < 1
        assert _worth(stake, 30, min(1.0, rate + 0.05)) > 1


def _worth(stake: object, n: int, truth: float) -> float:
    chances = [math.comb(n, k) * truth**k * (1 - truth) ** (n - k) for k in range(n + 1)]
    return sum(chance * math.exp(stake(k, n)) for k, chance in enumerate(chances))  # type: ignore[operator]


def test_constant_bets_are_a_fair_game_on_differences_too() -> None:
    values, chances = np.array([0.0, 0.5, 1.0]), np.array([0.085, 0.88, 0.035])
    total = 0.0
    for drawn in product(range(3), repeat=6):
        times = np.bincount(drawn, minlength=3).astype(float)
        total += float(np.prod(chances[list(drawn)])) * math.exp(eprocess.bets(values, times, 0.475))
    assert total == pytest.approx(1)


def test_many_values_are_bet_on_in_parts() -> None:
    values = np.random.default_rng(1).random(50_000)
    whole = eprocess.bets(values, np.ones(50_000), 0.49)
    shares = (np.arange(64) + 0.5) / 64
    each = [float(np.log1p(share * (values / 0.49 - 1)).sum()) for share in shares]
    assert whole == pytest.approx(max(each) + math.log(sum(math.exp(one - max(each)) for one in each) / 64))


@pytest.mark.parametrize("aggregate", ["macro_f1", "f1", "bleu", "quantile"])
def test_what_is_no_mean_has_no_such_bound(aggregate: str) -> None:
    ones = np.ones(40, dtype=int)
    series = Series(aggregate, np.ones(40), None, ones, ones, 2, 0.5, np.full((40, 10), 9.0), label=1)
    for found in (absolute(series, SETTINGS), difference(Pair(series, series), SETTINGS)):
        assert isinstance(found.evidence, Unestimable)
        assert found.evidence.reason.endswith("has no bound that holds at any time")
        assert found.p_above(0.1) is None
        assert found.p_below(0.9) is None


@pytest.mark.parametrize(
    ("series", "reason"),
    [
        (Series("rate", np.array([])), "no samples"),
        (Series("mean", np.array([0.5, math.nan])), "a score is not a number"),
        (Series("rate", np.array([0.5, 1.0])), "a rate needs scores of 0 or 1"),
        (Series("mean", np.array([0.5, 1.5])), "outside 0 to 1"),
        (Series("mean", np.array([0.5, -0.5])), "outside 0 to 1"),
        (Series("rate", np.ones(5), np.array([0, 0, 1, 1, 1])), "groups of unlike sizes"),
    ],
)
def test_scores_without_a_bound_say_why(series: Series, reason: str) -> None:
    found = absolute(series, SETTINGS).evidence
    assert isinstance(found, Unestimable)
    assert reason in found.reason


@given(st.sampled_from(["rate", "mean"]), rights | scores, st.floats(-1, 1))
def test_no_nan_leaves_the_package_and_bounds_lie_around_the_value(
    aggregate: str, values: np.ndarray, bound: float
) -> None:
    series = Series(aggregate, values)
    for found in (absolute(series, SETTINGS), difference(Pair(series, Series(aggregate, 1 - values)), SETTINGS)):
        if isinstance(found.evidence, Unestimable):
            assert aggregate == "rate"
            continue
        evidence = found.evidence
        value = evidence.value if isinstance(evidence, Estimate) else evidence.difference
        assert evidence.low is not None
        assert evidence.high is not None
        assert -1 <= evidence.low <= value <= evidence.high <= 1
        for p in (found.p_above(bound), found.p_below(bound)):
            assert p is not None
            assert 0 <= p <= 1


@given(st.sampled_from(["rate", "mean"]), rights, st.floats(0.02, 0.98))
def test_bounds_and_p_values_agree(aggregate: str, values: np.ndarray, bound: float) -> None:
    found = absolute(Series(aggregate, values), SETTINGS)
    assert isinstance(found.evidence, Estimate)
    above, below = found.p_above(bound), found.p_below(bound)
    assert above is not None
    assert below is not None
    if min(abs(above - 0.05), abs(below - 0.05)) > 1e-6:
        assert (found.evidence.low > bound) == (above < 0.05)  # type: ignore[operator]
        assert (found.evidence.high < bound) == (below < 0.05)  # type: ignore[operator]
    assert max(above, below) > 0.05


@given(scores, st.randoms(use_true_random=False))
def test_the_order_of_samples_does_not_count(values: np.ndarray, random: object) -> None:
    order = np.random.default_rng(random.randint(0, 999)).permutation(len(values))  # type: ignore[attr-defined]
    first, second = (absolute(Series("mean", each), SETTINGS).evidence for each in (values, values[order]))
    assert isinstance(first, Estimate)
    assert isinstance(second, Estimate)
    assert (first.low, first.high) == pytest.approx((second.low, second.high))


@given(rights, st.data())
def test_models_changed_over_turn_the_difference_round(values: np.ndarray, data: st.DataObject) -> None:
    other = np.array(data.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=len(values), max_size=len(values))))
    one, two = Series("rate", values), Series("rate", other)
    there, back = difference(Pair(one, two), SETTINGS), difference(Pair(two, one), SETTINGS)
    assert isinstance(there.evidence, Comparison)
    assert isinstance(back.evidence, Comparison)
    assert there.evidence.low == pytest.approx(-back.evidence.high)  # type: ignore[operator]
    assert there.p_below(-0.05) == pytest.approx(back.p_above(0.05))


@given(rights)
def test_one_more_right_answer_never_lowers_a_bound(values: np.ndarray) -> None:
    better = values.copy()
    better[int(np.argmin(values))] = 1.0
    for aggregate in ("rate", "mean"):
        worse, more = (absolute(Series(aggregate, each), SETTINGS).evidence for each in (values, better))
        assert worse.low <= more.low + 1e-12  # type: ignore[union-attr, operator]
        assert worse.high <= more.high + 1e-12  # type: ignore[union-attr, operator]


def test_a_lower_bound_is_the_single_edge_of_one_stake_whatever_the_number_of_samples() -> None:
    """Every rate below it is refuted, so that halving cannot have stopped at a wrong one."""
    for right, n in ((5, 5), (30, 30), (5, 200), (180, 200), (999, 1000)):
        low = absolute(Series("rate", (np.arange(n) < right).astype(float)), SETTINGS).evidence.low  # type: ignore[union-attr]
        assert low is not None
        assert low > 0
        assert all(
            eprocess.beta_binomial(right, n, rate, WEIGHT) >= ENOUGH for rate in np.linspace(1e-6, low - 1e-9, 500)
        )
        assert eprocess.beta_binomial(right, n, low + 2e-9, WEIGHT) < ENOUGH


@given(scores)
def test_copies_within_a_cluster_add_nothing(values: np.ndarray) -> None:
    plain = absolute(Series("mean", values), SETTINGS).evidence
    copied = Series("mean", np.repeat(values, 5), np.repeat(np.arange(len(values)), 5))
    found = absolute(copied, SETTINGS).evidence
    assert isinstance(plain, Estimate)
    assert isinstance(found, Estimate)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high))
    assert found.method == f"confidence sequence, {len(values)} groups"


def test_a_rate_of_clusters_is_bounded_by_its_clusters() -> None:
    values = np.repeat([1.0, 0.0, 1.0, 1.0] * 5, 10)
    plain = absolute(Series("rate", values), SETTINGS).evidence
    grouped = absolute(Series("rate", values, np.repeat(np.arange(20), 10)), SETTINGS).evidence
    assert grouped.low < plain.low < 0.75  # type: ignore[union-attr, operator]


def test_the_price_of_looking_at_any_time_is_wider_bounds() -> None:
    values = np.arange(400) % 10 > 0
    pair = Pair(Series("rate", values.astype(float)), Series("rate", np.roll(values, 1).astype(float)))
    for aggregate in ("rate", "mean"):
        series = Series(aggregate, values.astype(float))
        always, once = (absolute(series, settings).evidence for settings in (SETTINGS, FIXED))
        assert always.low < once.low < once.high < always.high  # type: ignore[union-attr, operator]
    always, once = (difference(pair, settings).evidence for settings in (SETTINGS, FIXED))
    assert always.low < once.low < once.high < always.high  # type: ignore[union-attr, operator]
    assert always.method == "paired confidence sequence"  # type: ignore[union-attr]


def test_the_least_samples_are_those_of_the_bound_itself() -> None:
    n = eprocess.least_for_rate(0.95, 0.05)
    assert n is not None
    assert absolute(Series("rate", np.ones(n)), SETTINGS).evidence.low >= 0.95  # type: ignore[union-attr, operator]
    assert absolute(Series("rate", np.ones(n - 1)), SETTINGS).evidence.low < 0.95  # type: ignore[union-attr, operator]
    pairs = eprocess.least_for_margin(0.05, 0.05)
    assert pairs is not None
    for many, enough in ((pairs, True), (pairs - 1, False)):
        alike = Series("rate", np.ones(many))
        low = difference(Pair(alike, alike), SETTINGS).evidence.low  # type: ignore[union-attr]
        assert (low >= -0.05 - 1e-9) is enough  # type: ignore[operator]
    assert eprocess.least_for_rate(1.0, 0.05) is eprocess.least_for_margin(0.0, 0.05) is None


def test_a_rate_looked_at_five_hundred_times() -> None:
    """The truth is the threshold: the sequence ever passes it in 5 % at most, the exact bound in many more."""
    rng = np.random.default_rng(8)
    right = (rng.random((1000, 500)) < 0.9).cumsum(axis=1)
    stake = lru_cache(maxsize=None)(lambda k, n: eprocess.beta_binomial(k, n, 0.9, WEIGHT))
    ever = [any(stake(int(k), n + 1) >= ENOUGH for n, k in enumerate(row)) for row in right]
    naive = (bdtrc(right - 1, np.arange(1, 501), 0.9) <= 0.05).any(axis=1)
    assert 0.01 <= np.mean(ever) <= 0.05
    assert naive.mean() > 0.15


def test_a_difference_looked_at_five_hundred_times() -> None:
    """Worse by just the margin of 5 points: the sequence ever passes in 5 % at most, Tango's bound in many more."""
    rng = np.random.default_rng(9)
    kinds = rng.choice(3, p=[0.085, 0.88, 0.035], size=(150, 500))
    counts = np.stack([(kinds == kind).cumsum(axis=1) for kind in range(3)], axis=-1)
    values = np.array([0.0, 0.5, 1.0])
    ever = [any(eprocess.bets(values, each, 0.475) >= ENOUGH for each in run.astype(float)) for run in counts]
    peeks = range(29, 500, 10)
    naive = [
        any(p_above(Table(*(int(c) for c in run[n, [1, 2, 0]]), 0), -0.05) <= 0.05 for n in peeks) for run in counts
    ]
    assert np.mean(ever) <= 0.05
    assert np.mean(naive) > 0.15


def test_an_equal_model_passes_a_margin_in_time() -> None:
    rng = np.random.default_rng(10)
    counts = rng.multinomial(1000, [0.06, 0.88, 0.06], size=500).astype(float)
    passed = [eprocess.bets(np.array([0.0, 0.5, 1.0]), each, 0.475) >= ENOUGH for each in counts]
    assert np.mean(passed) > 0.85


def test_clusters_looked_at_again_and_again() -> None:
    """Clusters of five that are right or wrong together, the truth at the threshold."""
    rng, groups = np.random.default_rng(11), np.repeat(np.arange(200), 5)
    found = []
    for _ in range(60):
        values = np.repeat((rng.random(200) < 0.7).astype(float), 5)
        looks = [(values[: 5 * n], groups[: 5 * n]) for n in range(25, 201, 25)]
        found.append([[_shown(Series("rate", each, of)) for of in (its, None)] for each, its in looks])
    clustered, naive = np.any(found, axis=1).mean(axis=0)
    assert clustered <= 0.05
    assert naive > 0.15


def _shown(series: Series) -> bool:
    return absolute(series, SETTINGS).evidence.low > 0.7  # type: ignore[union-attr, operator]
