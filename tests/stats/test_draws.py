"""The fast draw is a multinomial one: by chi-squared on exact probabilities, and by its moments."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from harness.stats import draws


def counts(times: list[int], resamples: int = 100_000) -> np.ndarray:
    """How often each kind comes: the sums of unit rows."""
    found: np.ndarray = draws.sums(np.eye(len(times)), np.array(times), resamples, 5).astype(int)
    return found


# One by one; mostly Poisson, with a large kind among small ones; few kinds, drawn at once.
SHAPES = ([1] * 9, [1] * 60 + [3] * 7 + [40], [400, 90, 10])


@pytest.mark.parametrize("times", SHAPES, ids=["nine", "many kinds", "few kinds"])
def test_each_kind_comes_as_often_as_the_binomial_says(times: list[int]) -> None:
    found, n = counts(times), sum(times)
    assert (found.sum(axis=1) == n).all()
    for kind in (0, len(times) - 1):
        expected = stats.binom.pmf(np.arange(n + 1), n, times[kind] / n) * len(found)
        seen = np.bincount(found[:, kind], minlength=n + 1)
        likely = expected >= 20
        both = [np.append(part[likely], part[~likely].sum()) for part in (seen, expected)]
        keep = both[1] > 0
        assert stats.chisquare(both[0][keep], both[1][keep] * both[0].sum() / both[1].sum()).pvalue > 1e-4


@pytest.mark.parametrize("times", SHAPES, ids=["nine", "many kinds", "few kinds"])
def test_kinds_push_each_other_out_as_in_a_multinomial(times: list[int]) -> None:
    found, n = counts(times), sum(times)
    expected = np.diag(times) - np.outer(times, times) / n
    spread = np.sqrt(np.outer(np.diag(expected), np.diag(expected)) * 2 / len(found))
    assert np.abs(found.mean(axis=0) - times).max() < 5 * np.sqrt(max(times) / len(found))
    assert (np.abs(np.cov(found.T) - expected) < 6 * spread + 1e-9).all()


def test_small_poisson_counts_have_their_exact_probabilities() -> None:
    for mean in (0.01, 0.9, 12.0):
        found = draws._small_poisson(np.random.default_rng(1), mean, (1000, 1000)).ravel()
        expected = stats.poisson.pmf(np.arange(64), mean) * len(found)
        seen, likely = np.bincount(found, minlength=64), expected >= 20
        assert (
            stats.chisquare(
                np.append(seen[likely], seen[~likely].sum()),
                np.append(expected[likely], len(found) - expected[likely].sum()),
            ).pvalue
            > 1e-4
        )


def test_sums_are_those_of_the_rows_in_any_order_of_kinds() -> None:
    rows, times = np.array([[0.0, 1], [5, 0], [2, 2]]), np.array([7, 1, 3])
    found = draws.sums(rows, times, 2000, 3)
    assert found.dtype == np.float32
    assert found.mean(axis=0) == pytest.approx(times @ rows, rel=0.05)
    assert draws.sums(rows + 0.5, times, 9, 3).dtype == np.float64
    assert draws.sums(rows * 2**24, times, 9, 3).dtype == np.float64


def test_the_seed_decides() -> None:
    rows, times = np.arange(50.0)[:, None], np.ones(50, dtype=int)
    first, again, other = (draws.sums(rows, times, 99, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
