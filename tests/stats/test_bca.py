"""BCa beside t: it only ever widens, where scores are skewed; and what conclude then may claim."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.estimates import Comparison, Estimate
from harness.stats.analysis import absolute, difference
from harness.stats.bca import bca_of_mean, widened
from harness.stats.intervals import mean
from harness.stats.series import Pair, Series, Settings

SETTINGS = Settings(alpha=0.05, resamples=9999, seed=1, min_samples=30)
SKEWED = np.concatenate([np.ones(170), np.linspace(0.0, 0.3, 30)])


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-1, 1), max_size=60), st.sampled_from([0.01, 0.05, 0.2]))
def test_bounds_are_numbers_within_the_values_or_none(values: list[float], alpha: float) -> None:
    found = bca_of_mean(np.array(values), alpha, 499, 3)
    if found is None:
        return
    assert all(math.isfinite(value) for value in found)
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9
    assert found.error >= 0


@pytest.mark.parametrize("values", [[], [0.3], [0.7] * 100, [0.1] * 7])
def test_no_bounds_where_nothing_varies(values: list[float]) -> None:
    assert bca_of_mean(np.array(values), 0.05, 499, 3) is None


def test_the_longer_tail_reaches_farther() -> None:
    found = bca_of_mean(SKEWED, 0.05, 9999, 1)
    assert found is not None
    assert SKEWED.mean() - found.low > 1.05 * (found.high - SKEWED.mean())


def test_it_widens_a_bound_and_never_narrows_one() -> None:
    wide, narrow = Estimate(0.9, 0.1, 1.0, 0.95, 200, "t"), Estimate(0.9, 0.899, 0.901, 0.95, 200, "t")
    assert widened(wide, SKEWED, 0.05, 1999, 7) == (wide, None)
    found, noise = widened(narrow, SKEWED, 0.05, 1999, 7)
    assert found.low < narrow.low  # type: ignore[operator]
    assert found.high > narrow.high  # type: ignore[operator]
    assert found.method == "t, wider by BCa bootstrap with 1999 resamples"
    assert 0 < noise < 0.005  # type: ignore[operator]


def test_analysis_takes_the_wider_bound_on_each_side() -> None:
    values = few_bad(1000)
    found, plain = absolute(Series("mean", values), SETTINGS), mean(values, None, 0.05)
    other = bca_of_mean(values, 0.05, SETTINGS.resamples, SETTINGS.seed)
    assert isinstance(found.evidence, Estimate)
    assert isinstance(plain, Estimate)
    assert other is not None
    assert found.evidence.low == other.low < plain.low  # type: ignore[operator]
    assert found.evidence.high == plain.high > other.high  # type: ignore[operator]
    assert found.noise == other.error


def few_bad(n: int) -> np.ndarray:
    """Perfect scores but for thirty bad ones: of so many samples the long tail weighs more than one worst sample."""
    return np.concatenate([np.ones(n - 30), np.linspace(0, 0.3, 30)])


def two_good(n: int) -> np.ndarray:
    return np.concatenate([np.ones(2), np.zeros(n - 2)])


@pytest.mark.parametrize(
    ("values", "grouped", "checked"),
    [
        (two_good(49), False, False),
        (two_good(50), False, True),
        (few_bad(2000), False, True),
        (few_bad(2000), True, False),
        (few_bad(2001), False, False),
    ],
    ids=["too few", "fewest", "most", "grouped", "too many"],
)
def test_where_the_check_is_made(values: np.ndarray, grouped: bool, checked: bool) -> None:
    found = absolute(Series("mean", values, np.arange(len(values)) if grouped else None), SETTINGS)
    assert isinstance(found.evidence, Estimate)
    assert ("BCa" in found.evidence.method) == (found.noise is not None) == checked


def test_a_difference_is_checked_too() -> None:
    found = difference(Pair(Series("mean", few_bad(2000)), Series("mean", np.ones(2000))), SETTINGS)
    assert isinstance(found.evidence, Comparison)
    assert found.evidence.method == "paired t, wider by BCa bootstrap with 9999 resamples"
    alone = absolute(Series("mean", few_bad(2000)), SETTINGS).evidence
    assert found.evidence.low == pytest.approx(alone.low - 1)  # type: ignore[union-attr, operator]
    assert found.noise is not None
