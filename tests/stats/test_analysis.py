"""Scores to evidence: no order, no lucky constant and no NaN may make a promise that the data do not hold."""

from __future__ import annotations

import math
from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.stats.analysis import Analysis, absolute, difference
from harness.stats.bootstrap import Resampled
from harness.stats.multiple import holm
from harness.stats.paired import Table, p_below
from harness.stats.series import Pair, Series, Settings, weakness

SETTINGS = Settings(alpha=0.05, resamples=999, seed=7, min_samples=30)
scores = st.lists(st.floats(0, 1), min_size=2, max_size=80).map(lambda found: np.array(found))
rights = st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=80).map(lambda found: np.array(found))
awkward = st.lists(st.floats(0, 1) | st.sampled_from([math.nan, math.inf, -math.inf]), max_size=12).map(
    lambda found: np.array(found, dtype=float)
)
aggregates = st.sampled_from(["rate", "mean", "quantile"])


def numbers(analysis: Analysis, bound: float) -> list[float]:
    """Every number that an analysis gives out."""
    found = [*astuple(analysis.evidence), analysis.p_below(bound), analysis.p_above(bound), analysis.noise]
    return [value for value in found if isinstance(value, float | int)]


def classified(targets: list[int], answers: list[int], classes: int = 2, groups: list[int] | None = None) -> Series:
    given_targets, given_answers = np.array(targets), np.array(answers)
    right = (given_targets == given_answers).astype(float)
    return Series(
        "macro_f1", right, None if groups is None else np.array(groups), given_targets, given_answers, classes
    )


@settings(deadline=None)
@given(aggregates, awkward, st.floats(-2, 2))
def test_no_nan_leaves_the_package(aggregate: str, values: np.ndarray, bound: float) -> None:
    found = absolute(Series(aggregate, values, q=0.95), SETTINGS)
    assert all(math.isfinite(value) for value in numbers(found, bound))
    if aggregate != "quantile":
        pair = Pair(Series(aggregate, values), Series(aggregate, values[::-1].copy()))
        assert all(math.isfinite(value) for value in numbers(difference(pair, SETTINGS), bound))


@pytest.mark.parametrize("aggregate", ["rate", "mean", "quantile"])
def test_no_samples_are_no_evidence(aggregate: str) -> None:
    nothing = Series(aggregate, np.array([]), q=0.5)
    assert absolute(nothing, SETTINGS).evidence == Unestimable("no samples", 0)
    assert difference(Pair(nothing, nothing), SETTINGS).evidence == Unestimable("no samples", 0)


def test_a_rate_of_halves_is_refused() -> None:
    assert absolute(Series("rate", np.array([0.5, 1.0])), SETTINGS).evidence == Unestimable(
        "a rate needs scores of 0 or 1", 2
    )


def test_a_pair_of_unlike_lengths_is_a_bug() -> None:
    with pytest.raises(ValueError, match="the same samples"):
        difference(Pair(Series("rate", np.ones(3)), Series("rate", np.ones(4))), SETTINGS)


@settings(deadline=None)
@given(rights, st.randoms(use_true_random=False))
def test_the_order_of_samples_does_not_count(values: np.ndarray, random: object) -> None:
    order = np.random.default_rng(random.randint(0, 999)).permutation(len(values))  # type: ignore[attr-defined]
    other = np.roll(values, 1)
    for aggregate in ("rate", "mean"):
        first = difference(Pair(Series(aggregate, values), Series(aggregate, other)), SETTINGS).evidence
        second = difference(Pair(Series(aggregate, values[order]), Series(aggregate, other[order])), SETTINGS).evidence
        assert _rounded(first) == _rounded(second)


def _rounded(evidence: Estimate | Comparison | Unestimable) -> list[object]:
    return [round(value, 9) if isinstance(value, float) else value for value in astuple(evidence)]


@settings(deadline=None)
@given(scores, st.floats(0.01, 0.99))
def test_clusters_of_one_are_no_clusters(values: np.ndarray, bound: float) -> None:
    plain = absolute(Series("mean", values), SETTINGS)
    single = absolute(Series("mean", values, np.arange(len(values))), SETTINGS)
    assert numbers(single, bound) == pytest.approx(numbers(plain, bound))


@settings(deadline=None)
@given(scores)
def test_copies_within_a_cluster_add_nothing(values: np.ndarray) -> None:
    plain = absolute(Series("mean", values), SETTINGS).evidence
    copied = absolute(Series("mean", np.repeat(values, 5), np.repeat(np.arange(len(values)), 5)), SETTINGS).evidence
    assert isinstance(plain, Estimate)
    assert isinstance(copied, Estimate)
    assert (copied.low, copied.high) == pytest.approx((plain.low, plain.high))


@pytest.mark.parametrize("value", [1.0, 0.1, 0.7])
@pytest.mark.parametrize("n", [10, 50, 400])
def test_scores_all_alike_do_not_prove_themselves(value: float, n: int) -> None:
    """0.1 has no exact binary form: its standard deviation is tiny and not zero, which once passed for certainty."""
    found = absolute(Series("mean", np.full(n, value)), SETTINGS).evidence
    assert isinstance(found, Estimate)
    assert found.low is not None
    assert found.low <= value * (1 - 2.5 / n)


def test_one_score_a_little_worse_proves_no_more_than_none() -> None:
    perfect = np.ones(50)
    nearly = np.append(np.ones(49), 0.999)
    first, second = (absolute(Series("mean", values), SETTINGS).evidence for values in (perfect, nearly))
    assert second.low < first.low + 1e-4 < 0.95  # type: ignore[union-attr, operator]


def test_a_rare_disaster_is_allowed_for_before_it_is_seen() -> None:
    """Truth 0.95: one sample in twenty scores 0, the others 1. Wrongly above 0.95 in no more than 8 %."""
    rng = np.random.default_rng(11)
    wrong = sum(
        absolute(Series("mean", (rng.random(60) < 0.95).astype(float)), SETTINGS).evidence.low > 0.95  # type: ignore
        for _ in range(2000)
    )
    assert wrong / 2000 <= 0.08


@settings(deadline=None)
@given(scores, st.floats(0.05, 0.95))
def test_mean_bounds_and_p_values_agree(values: np.ndarray, bound: float) -> None:
    found = absolute(Series("mean", values), SETTINGS)
    assert isinstance(found.evidence, Estimate)
    assert found.evidence.low is not None
    assert found.evidence.high is not None
    above, below = found.p_above(bound), found.p_below(bound)
    assert above is not None
    assert below is not None
    assert (found.evidence.low > bound) <= (above <= 0.05 + 1e-9)
    assert (found.evidence.high < bound) <= (below <= 0.05 + 1e-9)
    assert max(above, below) > 0.05


def test_identical_means_are_within_some_margin_only() -> None:
    same = Series("mean", np.linspace(0, 1, 60))
    found = difference(Pair(same, same), SETTINGS).evidence
    assert isinstance(found, Comparison)
    assert found.low == pytest.approx(-0.044, abs=0.001)
    assert found.high == pytest.approx(0.044, abs=0.001)


def test_all_of_one_group_are_one_sample() -> None:
    found = absolute(Series("mean", np.linspace(0, 1, 60), np.zeros(60, dtype=int)), SETTINGS).evidence
    assert found == Unestimable("all samples come from one group", 60)


def test_few_discordant_pairs_must_show_twice_as_much_to_fail() -> None:
    """Tango's FAIL side errs in 8.6 % at five discordant of sixty; six of them, or a hundred pairs, are taken as is."""
    for discordant, n, factor in ((5, 60, 2), (6, 60, 1), (5, 100, 1)):
        ours = np.array([0.0] * discordant + [1.0] * (n - discordant))
        found = difference(Pair(Series("rate", ours), Series("rate", np.ones(n))), SETTINGS)
        assert found.p_below(-0.03) == pytest.approx(factor * p_below(Table(n - discordant, 0, discordant, 0), -0.03))


def test_failed_requests_take_for_ever() -> None:
    values = np.array([1.0] * 97 + [math.inf] * 3)
    p95, p99 = (absolute(Series("quantile", values, q=q), SETTINGS).evidence for q in (0.95, 0.99))
    assert p95 == Estimate(1.0, 1.0, None, 0.95, 100, "order statistics")
    assert p99 == Unestimable("the quantile falls among requests that failed", 100)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 2), st.integers(-1, 2)), min_size=1, max_size=60))
def test_macro_f1_bounds_lie_around_the_value_and_are_numbers(rows: list[tuple[int, int, int]]) -> None:
    targets, ours, theirs = (list(column) for column in zip(*rows, strict=True))
    found = difference(Pair(classified(targets, ours, 3), classified(targets, theirs, 3)), SETTINGS)
    assert isinstance(found.evidence, Comparison)
    assert found.evidence.low <= found.evidence.difference <= found.evidence.high  # type: ignore[operator]
    assert all(math.isfinite(value) for value in numbers(found, 0.1))
    assert found.evidence.candidate == pytest.approx(_macro_f1(targets, ours))


def _macro_f1(targets: list[int], answers: list[int]) -> float:
    """By the definition: classes that neither occur nor are answered are left out."""
    each = []
    for k in set(targets) | (set(answers) - {-1}):
        right = sum(t == a == k for t, a in zip(targets, answers, strict=True))
        each.append(2 * right / (targets.count(k) + answers.count(k)))
    return sum(each) / len(each)


def test_two_hundred_right_answers_do_not_prove_a_macro_f1_of_99_percent() -> None:
    targets = [0, 1] * 100
    for groups in (None, [i // 2 for i in range(200)]):
        found = absolute(classified(targets, targets, groups=groups), SETTINGS)
        assert isinstance(found.evidence, Estimate)
        assert found.evidence.value == found.evidence.high == 1.0
        assert 0.97 < found.evidence.low < 0.99  # type: ignore[operator]
        assert found.p_above(0.99) > 0.05  # type: ignore[operator]


def test_equal_answers_do_not_prove_an_equal_macro_f1() -> None:
    series = classified([0, 1] * 100, [0, 0] * 100)
    found = difference(Pair(series, series), SETTINGS).evidence
    assert isinstance(found, Comparison)
    assert found.difference == 0
    assert found.low < -0.005  # type: ignore[operator]
    assert found.high > 0.005  # type: ignore[operator]


def test_macro_f1_of_clusters_is_less_certain() -> None:
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(40), 10)
    targets = rng.integers(0, 2, 400)
    right = rng.random(40)[groups] < 0.7  # whole groups are right or wrong
    series = classified(targets.tolist(), np.where(right, targets, 1 - targets).tolist(), groups=groups.tolist())
    wide, narrow = (absolute(one, SETTINGS).evidence for one in (series, replace(series, groups=None)))
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)  # type: ignore[union-attr, operator]


def test_the_same_seed_gives_the_same_bounds_and_another_one_others() -> None:
    series = classified([0, 1, 1] * 70, [0, 1, 0] * 70)
    first, again, other = (absolute(series, replace(SETTINGS, seed=seed)).evidence for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("series", "reason"),
    [
        (Series("rate", np.ones(29)), "29 samples are too few"),
        (Series("mean", np.ones(49)), "at least 50"),
        (classified([0, 1] * 99, [0, 1] * 99), "at least 200"),
        (classified([0] * 181 + [1] * 19, [0] * 200), "the rarest class has 19"),
        (classified([0, 1] * 100, [0, 1] * 100, classes=3), "the rarest class has 0"),
        (Series("rate", np.ones(95), np.arange(95) % 19), "only 19 groups"),
        (Series("rate", np.ones(30)), None),
        (Series("rate", np.ones(95), np.arange(95) % 20), None),
        (classified([0] * 180 + [1] * 20, [0] * 200), None),
    ],
)
def test_weak_samples_are_told(series: Series, reason: str | None) -> None:
    found = weakness(series, SETTINGS)
    assert found is None if reason is None else reason in str(found)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_only_raises_keeps_the_order_and_stops_at_one(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= raised <= 1 for p, raised in zip(p_values, adjusted, strict=True))
    ranked = [raised for _, raised in sorted(zip(p_values, adjusted, strict=True))]
    assert ranked == sorted(ranked)


def test_a_bootstrap_p_value_is_raised_by_what_the_drawing_could_change() -> None:
    draws = np.linspace(0, 1, 9999)
    drawn = Resampled(0.5, draws, draws)
    assert drawn.p_below(0.95) == pytest.approx(0.05 + 2 * math.sqrt(0.05 * 0.95 / 9999), abs=2e-4)
    assert drawn.p_above(0.05) == pytest.approx(drawn.p_below(0.95), abs=2e-4)
    assert 0 < drawn.p_below(2.0) < 0.001
    assert drawn.p_below(-1.0) == drawn.p_above(2.0) == 1.0


def test_quantile_bounds_are_the_values_at_their_ranks() -> None:
    found = absolute(Series("quantile", np.arange(200.0, 0, -1), q=0.95), SETTINGS).evidence
    assert found == Estimate(190.0, 185.0, 196.0, 0.95, 200, "order statistics")
