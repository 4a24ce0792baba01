"""Planted models: their true score is what it is said to be, and groups stay groups."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.stats.planting import Planted, expected_f1, planted, resampled, scaled
from harness.stats.series import Series

N = 1_000
TARGETS = np.arange(N) % 4
RIGHT = np.random.default_rng(3).random(N) < 0.8
ANSWERS = np.where(RIGHT, TARGETS, (TARGETS + 1) % 4)
RATE = Series("rate", RIGHT.astype(float))
MEAN = Series("mean", np.random.default_rng(4).beta(6, 2, N))
GROUPED = replace(RATE, groups=np.repeat(np.arange(100), 10))
MACRO = Series("macro_f1", RATE.values, None, TARGETS, ANSWERS, 4)
ONE = replace(MACRO, aggregate="f1", label=2)


def score(series: Series) -> float:
    return float(series.values.mean()) if series.answers is None else expected_f1(series, 0, 0)


def differences(found: Planted | None, draws: int = 400) -> np.ndarray:
    assert found is not None
    rng = np.random.default_rng(5)
    pairs = [found.draw(rng) for _ in range(draws)]
    return np.array([score(pair.candidate) - score(pair.baseline) for pair in pairs])


@pytest.mark.parametrize("series", [RATE, MEAN, GROUPED, MACRO, ONE], ids=["rate", "mean", "groups", "macro", "one"])
@pytest.mark.parametrize("loss", [0.05, 0.0, -0.03])
def test_the_true_difference_is_the_planted_one(series: Series, loss: float) -> None:
    found = differences(planted(series, loss, 0.12))
    assert found.mean() == pytest.approx(-loss, abs=4 * found.std() / 20 + 5e-4)
    assert found.std() > 0.001


def test_a_score_is_brought_to_a_threshold() -> None:
    for series in (RATE, MEAN, MACRO, ONE):
        for wanted in (0.7, 0.93):
            found = planted(series, score(series) - wanted)
            assert found is not None
            rng = np.random.default_rng(6)
            scores = [score(found.draw(rng).candidate) for _ in range(300)]
            assert np.mean(scores) == pytest.approx(wanted, abs=0.004)


@pytest.mark.parametrize("series", [RATE, MEAN], ids=["rate", "mean"])
@pytest.mark.parametrize("change", [0.06, 0.2])
def test_scores_change_as_much_as_they_are_to(series: Series, change: float) -> None:
    found = planted(series, 0.05, change)
    assert found is not None
    pair = found.draw(np.random.default_rng(7), 200_000)
    assert np.abs(pair.candidate.values - pair.baseline.values).mean() == pytest.approx(change, abs=0.005)


def test_what_changes_more_than_it_can_changes_as_by_chance() -> None:
    """A model that is right on 20 % can't be 5 points worse and differ on most samples."""
    series = replace(RATE, values=(np.arange(N) % 5 == 0).astype(float))
    found = planted(series, 0.05, 0.9)
    assert found is not None
    assert found.falls + found.rises == pytest.approx(1)
    assert differences(found).mean() == pytest.approx(-0.05, abs=0.005)


def test_a_baseline_that_always_says_the_same_can_be_a_little_worse_yet() -> None:
    series = replace(MACRO, answers=np.zeros_like(TARGETS), values=(TARGETS == 0).astype(float))
    assert differences(planted(series, 0.02, 0.75)).mean() == pytest.approx(-0.02, abs=0.003)


def test_what_cannot_be_lost_or_gained_is_none() -> None:
    never, always = (replace(RATE, values=np.full(N, value)) for value in (0.0, 1.0))
    assert planted(never, 0.1) is None
    assert planted(always, -0.1) is None
    assert planted(RATE, 0.95) is None
    assert planted(MACRO, 0.9) is None
    assert planted(always, 0.1) == Planted(always, 0.1, 0.0)


def test_a_group_is_drawn_as_a_whole_and_turns_together() -> None:
    groups = np.repeat(np.arange(60), np.arange(60) % 7 + 1)
    series = Series("rate", np.ones(len(groups)), groups)
    drawn = resampled(series, np.random.default_rng(8))
    assert sorted({*np.bincount(drawn.groups)}) == [1, 2, 3, 4, 5, 6, 7]
    assert len(np.unique(drawn.groups)) == 60
    found = planted(replace(series, groups=np.repeat(np.arange(N), 10)[: series.n]), 0.3)
    assert found is not None
    turned = found.draw(np.random.default_rng(9), 2_000).candidate
    rates = np.bincount(turned.groups, turned.values) / np.bincount(turned.groups)
    assert rates.std() > 1.5 * np.sqrt(0.3 * 0.7 / 10)


def test_a_quantile_is_scaled_to_its_threshold() -> None:
    series = Series("quantile", np.random.default_rng(1).lognormal(0, 0.5, 200), q=0.95)
    found = scaled(series, 2.0)
    assert found is not None
    assert np.quantile(found.series.values, 0.95, method="inverted_cdf") == pytest.approx(2.0)
    assert scaled(replace(series, values=np.full(200, np.inf)), 2.0) is None
