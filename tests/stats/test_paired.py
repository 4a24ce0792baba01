"""Properties of paired tables, and how often a bound promises too much, by exact enumeration."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats.paired import (
    Table,
    mcnemar_exact,
    mcnemar_mid_p,
    newcombe,
    p_above,
    p_below,
    table_of,
    tango,
    tango_z,
)

counts = st.integers(0, 400)
tables = st.builds(Table, counts, counts, counts, counts).filter(lambda table: table.n > 0)
alphas = st.sampled_from([0.005, 0.025, 0.05, 0.1])


@settings(deadline=None)
@given(tables, alphas)
def test_swapping_the_models_turns_the_bounds_over(table: Table, alpha: float) -> None:
    for bounds in (tango, newcombe):
        low, high = bounds(table, alpha)
        assert bounds(table.swapped, alpha) == pytest.approx((-high, -low), abs=1e-9)
    assert mcnemar_exact(table) == mcnemar_exact(table.swapped)
    assert mcnemar_mid_p(table) == mcnemar_mid_p(table.swapped)


@settings(deadline=None)
@given(tables, alphas)
def test_bounds_are_numbers_around_the_difference(table: Table, alpha: float) -> None:
    for low, high in (tango(table, alpha), newcombe(table, alpha)):
        assert -1 - 1e-9 <= low <= table.difference + 1e-9
        assert table.difference - 1e-9 <= high <= 1 + 1e-9
    assert 0 < mcnemar_mid_p(table) <= mcnemar_exact(table) <= 1


@settings(deadline=None)
@given(st.builds(Table, counts, counts, st.integers(1, 400), counts), alphas)
def test_mending_a_sample_that_only_the_baseline_had_right_never_lowers_the_bound(table: Table, alpha: float) -> None:
    better = table._replace(both=table.both + 1, baseline=table.baseline - 1)
    assert tango(better, alpha)[0] >= tango(table, alpha)[0] - 1e-9


@settings(deadline=None)
@given(tables, st.floats(-0.999, 0.999))
def test_p_values_are_the_two_tails_of_one_statistic(table: Table, bound: float) -> None:
    assert p_below(table, bound) + p_above(table, bound) == pytest.approx(1)
    assert p_above(table, bound) == pytest.approx(p_below(table.swapped, -bound))


@settings(deadline=None)
@given(tables, alphas)
def test_bound_and_p_value_agree(table: Table, alpha: float) -> None:
    low = tango(table, alpha)[0]
    if -0.99 < low < table.difference - 1e-6:
        assert p_above(table, low) == pytest.approx(alpha, abs=1e-6)


def test_at_no_difference_the_statistic_is_mcnemars() -> None:
    assert tango_z(Table(59, 6, 16, 80), 0.0) ** 2 == pytest.approx((6 - 16) ** 2 / 22)


def test_models_that_never_differ_are_not_shown_to_be_equal() -> None:
    for n, least in ((10, 0.21), (60, 0.043), (200, 0.0133)):
        low, high = tango(Table(n, 0, 0, 0), 0.05)
        assert -low == high == pytest.approx(least, rel=0.02)
    assert mcnemar_exact(Table(5, 0, 0, 5)) == mcnemar_mid_p(Table(5, 0, 0, 5)) == 1.0


def test_counting_pairs() -> None:
    ours, theirs = np.array([1, 1, 0, 0, 0], dtype=bool), np.array([1, 0, 1, 0, 0], dtype=bool)
    assert table_of(ours, theirs) == Table(1, 1, 1, 2)


@pytest.mark.parametrize(
    ("n", "discordance", "margin"),
    [(10, 0.20, 0.10), (30, 0.12, 0.05), (60, 0.06, 0.05), (60, 0.30, 0.10), (120, 0.12, 0.05)],
)
def test_a_model_at_the_margin_passes_in_at_most_6_percent(n: int, discordance: float, margin: float) -> None:
    """The truth is exactly a loss of `margin`: every PASS is wrong. The sum is over all possible tables."""
    ours, theirs = (discordance - margin) / 2, (discordance + margin) / 2
    wrong = sum(
        _probability(n, b, c, ours, theirs)
        for b, c in product(range(n + 1), repeat=2)
        if b + c <= n and tango_z(Table(n - b - c, b, c, 0), -margin) > 1.6448536
    )
    assert 0.001 < wrong <= 0.06


def _probability(n: int, b: int, c: int, ours: float, theirs: float) -> float:
    logs = [math.lgamma(n + 1), -math.lgamma(b + 1), -math.lgamma(c + 1), -math.lgamma(n - b - c + 1)]
    return math.exp(sum(logs) + b * math.log(ours) + c * math.log(theirs) + (n - b - c) * math.log1p(-ours - theirs))
