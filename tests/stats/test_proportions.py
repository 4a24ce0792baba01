"""Properties of bounds for one proportion, two of different samples, and tables of confusions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats import independent, paired, paired_wald, proportion
from harness.stats.independent import Two
from harness.stats.intervals import clopper_pearson, p_f1_above, p_f1_below, wilson
from harness.stats.multiple import benjamini_hochberg, fixed_sequence, holm
from harness.stats.symmetry import bowker, stuart_maxwell

shares = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
twos = st.tuples(shares, shares).map(lambda found: Two(*found[0], *found[1]))
alphas = st.sampled_from([0.005, 0.025, 0.05, 0.2])
p_lists = st.lists(st.floats(0, 1), max_size=12)
ONE = (proportion.wilson_corrected, proportion.mid_p, proportion.jeffreys, clopper_pearson, wilson)
TWO = (independent.newcombe, independent.miettinen_nurminen, independent.mee)


@settings(deadline=None)
@given(shares, alphas)
def test_one_proportions_bounds_lie_around_it_and_turn_over(share: tuple[int, int], alpha: float) -> None:
    successes, n = share
    for bounds in ONE:
        low, high = bounds(successes, n, alpha)
        assert 0 <= low <= successes / n <= high <= 1
        assert bounds(n - successes, n, alpha) == pytest.approx((1 - high, 1 - low), abs=1e-9)
    assert clopper_pearson(successes, n, alpha)[0] <= proportion.mid_p(successes, n, alpha)[0] + 1e-9
    assert proportion.wilson_corrected(successes, n, alpha)[0] <= wilson(successes, n, alpha)[0] + 1e-9


@pytest.mark.parametrize("bounds", ONE)
def test_what_is_no_proportion_is_a_bug(bounds: object) -> None:
    for successes, n in ((1, 0), (-1, 5), (6, 5)):
        with pytest.raises(ValueError, match="no proportion"):
            bounds(successes, n, 0.05)  # type: ignore[operator]


@settings(deadline=None)
@given(twos, alphas)
def test_two_proportions_bounds_lie_around_the_difference_and_turn_over(two: Two, alpha: float) -> None:
    for bounds in TWO:
        low, high = bounds(two, alpha)
        assert -1 - 1e-9 <= low <= two.difference + 1e-9
        assert two.difference - 1e-9 <= high <= 1 + 1e-9
        assert bounds(two.swapped, alpha) == pytest.approx((-high, -low), abs=1e-9)


@settings(deadline=None)
@given(twos, st.floats(-0.999, 0.999), alphas)
def test_score_bounds_and_p_values_agree(two: Two, bound: float, alpha: float) -> None:
    assert independent.p_above(two, bound) + independent.p_below(two, bound) == pytest.approx(1)
    low = independent.miettinen_nurminen(two, alpha)[0]
    if -0.99 < low < two.difference - 1e-6:
        assert independent.p_above(two, low) == pytest.approx(alpha, abs=1e-5)


def test_the_margin_that_a_known_library_gets_wrong() -> None:
    """170 of 200 against 172 of 200 at a loss of ten points: its z is 2.46754, the right one 2.49514."""
    two = Two(170, 200, 172, 200)
    assert independent.score_z(two, -0.10, corrected=False) == pytest.approx(_score_by_search(two, -0.10), abs=1e-4)
    assert independent.score_z(two, -0.10) == pytest.approx(2.49514, abs=1e-5)
    assert independent.score_z(two, -0.05) == pytest.approx(1.12843, abs=1e-5)


def _score_by_search(two: Two, d: float) -> float:
    """The second rate of greatest likelihood by looking at all of them."""
    second = np.linspace(max(0, -d) + 1e-9, min(1, 1 - d) - 1e-9, 2_000_001)
    first = second + d
    x1, n1, x2, n2 = two
    likely = x1 * np.log(first) + (n1 - x1) * np.log1p(-first) + x2 * np.log(second) + (n2 - x2) * np.log1p(-second)
    p1, p2 = first[likely.argmax()], second[likely.argmax()]
    return float((two.difference - d) / math.sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2))


@settings(deadline=None)
@given(st.builds(paired.Table, *[st.integers(0, 200)] * 4).filter(lambda table: table.n > 0), alphas)
def test_closed_forms_for_pairs_turn_over(table: paired.Table, alpha: float) -> None:
    for bounds in (paired_wald.wald, paired_wald.agresti_min, paired_wald.bonett_price):
        low, high = bounds(table, alpha)
        assert -1 <= low <= high <= 1
        assert bounds(table.swapped, alpha) == pytest.approx((-high, -low))
    statistic, p = paired.mcnemar(table)
    assert p <= paired.mcnemar(table, corrected=True)[1]
    assert statistic >= 0


@settings(deadline=None)
@given(shares, st.floats(-0.2, 1.2))
def test_p_values_of_a_classs_f1_are_two_tails(share: tuple[int, int], bound: float) -> None:
    right, union = share
    below, above = p_f1_below(right, union - right, bound), p_f1_above(right, union - right, bound)
    assert 0 <= below <= 1
    assert 0 <= above <= 1
    assert below + above >= 1 - 1e-9


@settings(deadline=None)
@given(st.integers(1, 5).flatmap(lambda k: st.lists(st.integers(0, 50), min_size=k * k, max_size=k * k)))
def test_confusions_and_their_reverse_give_the_same_test(cells: list[int]) -> None:
    size = math.isqrt(len(cells))
    table = np.array(cells).reshape(size, size)
    order = np.random.default_rng(0).permutation(size)
    for test in (bowker, stuart_maxwell):
        found = test(table)
        assert math.isfinite(found.statistic)
        assert 0 <= found.p <= 1
        assert test(table.T) == pytest.approx(found, abs=1e-6)
        assert test(table[np.ix_(order, order)]) == pytest.approx(found, abs=1e-6)
        assert test(table + table.T).statistic == pytest.approx(0, abs=1e-9)


def test_confusions_of_two_classes_are_mcnemars() -> None:
    expected = paired.mcnemar(paired.Table(59, 6, 16, 80))
    for test in (bowker, stuart_maxwell):
        found = test(np.array([[59, 6], [16, 80]]))
        assert (found.statistic, found.freedom, found.p) == pytest.approx((expected[0], 1, expected[1]))


def test_classes_that_are_never_confused_bring_no_freedom() -> None:
    table = np.diag([5, 6, 7, 8])
    assert bowker(table) == stuart_maxwell(table) == (0.0, 0, 1.0)
    table[0, 1] = 4
    for test in (bowker, stuart_maxwell):
        assert test(table)[:2] == (pytest.approx(4.0), 1)


def test_a_table_that_is_not_square_is_a_bug() -> None:
    with pytest.raises(ValueError, match="square"):
        bowker(np.ones((2, 3), dtype=int))
    with pytest.raises(ValueError, match="square"):
        stuart_maxwell(np.array([[1, -1], [2, 3]]))


@settings(deadline=None)
@given(p_lists)
def test_false_discovery_corrects_less_than_holm_and_keeps_the_order(p_values: list[float]) -> None:
    adjusted = benjamini_hochberg(p_values)
    for p, found, by_holm in zip(p_values, adjusted, holm(p_values), strict=True):
        assert p <= found <= by_holm + 1e-12
    ranked = [found for _, found in sorted(zip(p_values, adjusted, strict=True))]
    assert ranked == sorted(ranked)


def test_a_fixed_sequence_stops_at_the_first_claim_that_fails() -> None:
    assert fixed_sequence([0.01, 0.04, 0.2, 0.001]) == [0.01, 0.04, 0.2, 0.2]
    assert fixed_sequence([]) == []
