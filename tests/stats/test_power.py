"""Planning: each number against the very bound that it plans for."""

from __future__ import annotations

import pytest
from scipy import stats

from harness.stats import power
from harness.stats.intervals import clopper_pearson


@pytest.mark.parametrize(("threshold", "rate", "chance"), [(0.6, 0.7, 0.8), (0.9, 0.97, 0.9), (0.99, 0.999, 0.8)])
def test_no_fewer_samples_would_do(threshold: float, rate: float, chance: float) -> None:
    def shown(n: int) -> float:
        passing = [x for x in range(n + 1) if clopper_pearson(x, n, 0.05)[0] > threshold]
        return float(stats.binom.sf(passing[0] - 1, n, rate)) if passing else 0.0

    n = power.samples_for_rate(threshold, rate, 0.05, chance)
    assert n is not None
    assert shown(n) >= chance
    assert all(shown(fewer) < chance for fewer in range(max(1, n - 60), n))


@pytest.mark.parametrize(("threshold", "rate", "chance", "n"), [(0.999, 0.9999, 0.7, 2995), (0.95, 0.99, 0.5, 59)])
def test_all_right_may_be_likelier_than_more_samples_with_a_failure(
    threshold: float, rate: float, chance: float, n: int
) -> None:
    assert rate**n >= chance
    assert power.samples_for_rate(threshold, rate, 0.05, chance) == n == power.least_for_rate(threshold, 0.05)


def test_large_numbers_are_found_too() -> None:
    n = power.samples_for_rate(0.95, 0.953, 0.05)
    assert n is not None
    least = power.least_count(n, 0.95, 0.05)
    assert least is not None
    assert stats.binom.sf(least - 1, n, 0.953) >= 0.8
    assert n == pytest.approx(32_000, rel=0.05)


def test_what_cannot_be_shown_has_no_number() -> None:
    assert power.samples_for_rate(0.9, 0.9, 0.05) is power.samples_for_rate(0.9, 0.8, 0.05) is None
    assert power.pairs_for_margin(0.02, 0.1, 0.05, difference=-0.02) is None
    assert power.pairs_for_improvement(0.0, 0.1, 0.05) is power.pairs_for_improvement(0.2, 0.1, 0.05) is None
    assert power.least_count(10, 0.99, 0.05) is power.detectable_rate(10, 0.99, 0.05) is None
    assert power.detectable_margin(1, 1.0, 0.05) is power.detectable_improvement(3, 0.1, 0.05) is None


def test_a_tiny_effect_takes_as_many_as_it_takes() -> None:
    assert power.samples_for_rate(0.5, 0.5001, 0.05) == pytest.approx(1.546e8, rel=0.01)
    assert power.pairs_for_margin(0.0005, 0.12, 0.05) == pytest.approx(2.968e6, rel=0.01)
    assert power.detectable_improvement(1_000_000, 0.12, 0.05) == pytest.approx(0.00086, rel=0.01)


def test_a_model_that_errs_never_needs_the_least() -> None:
    assert power.samples_for_rate(0.99, 1.0, 0.05) == 299
    assert power.samples_for_rate(0.0, 0.5, 0.05) == 1


@pytest.mark.parametrize("discordance", [0.06, 0.12, 0.3])
def test_what_can_be_detected_is_what_the_number_was_planned_for(discordance: float) -> None:
    for wanted in (0.02, 0.05):
        pairs = power.pairs_for_margin(wanted, discordance, 0.05) or 0
        assert power.detectable_margin(pairs, discordance, 0.05) == pytest.approx(wanted, rel=0.01)
        pairs = power.pairs_for_improvement(wanted, discordance, 0.05) or 0
        assert power.detectable_improvement(pairs, discordance, 0.05) == pytest.approx(wanted, rel=0.01)


def test_models_that_never_differ_still_need_the_least() -> None:
    enough, too_few = power.detectable_margin(133, 0.0, 0.05), power.detectable_margin(132, 0.0, 0.05)
    assert enough is not None
    assert too_few is not None
    assert enough < 0.02 <= too_few


def test_a_loss_within_the_margin_takes_more_pairs_and_a_gain_fewer() -> None:
    worse, equal, better = (power.pairs_for_margin(0.02, 0.12, 0.05, difference=d) or 0 for d in (-0.01, 0.0, 0.01))
    assert worse == pytest.approx(4 * equal, rel=0.01)
    assert better < equal / 2
