"""Sample sizes and chances to pass, beside the tables of statistics.md and beside simulation."""

from __future__ import annotations

import numpy as np
import pytest

from harness.stats.intervals import clopper_pearson
from harness.stats.paired import Table, tango
from harness.stats.planning import Design, Gain, NoFailures, RateAbove, RateBelow, WithinMargin


@pytest.mark.parametrize(
    ("threshold", "expected", "eighty", "ninety"),
    [
        (0.6, 0.65, 585, 806),
        (0.6, 0.70, 143, 197),
        (0.6, 0.75, 62, 85),
        (0.6, 0.80, 36, 45),
        (0.4, 0.50, 158, 214),
        (0.4, 0.55, 71, 94),
        (0.4, 0.60, 42, 56),
    ],
)
def test_samples_for_a_win_rate_are_those_of_the_table(
    threshold: float, expected: float, eighty: int, ninety: int
) -> None:
    design = RateAbove(threshold, 0.05, expected)
    assert (design.samples(0.8), design.samples(0.9)) == (eighty, ninety)
    other = RateBelow(1 - threshold, 0.05, 1 - expected)
    assert other.samples(0.8) == eighty


@pytest.mark.parametrize(
    ("discordance", "margin", "eighty", "ninety"),
    [
        (0.06, 0.01, 3710, 5139), (0.06, 0.02, 928, 1285), (0.06, 0.03, 413, 571), (0.06, 0.05, 149, 206),
        (0.12, 0.01, 7419, 10277), (0.12, 0.02, 1855, 2570), (0.12, 0.03, 825, 1142), (0.12, 0.05, 297, 412),
        (0.20, 0.01, 12365, 17129), (0.20, 0.02, 3092, 4283), (0.20, 0.03, 1374, 1904), (0.20, 0.05, 495, 686),
    ],
)  # fmt: skip
def test_pairs_for_a_margin_are_those_of_the_table(discordance: float, margin: float, eighty: int, ninety: int) -> None:
    design = WithinMargin(margin, 0.05, discordance)
    assert design.samples(0.8) == pytest.approx(eighty, abs=1)
    assert design.samples(0.9) == pytest.approx(ninety, abs=1)
    assert design.chance(eighty + 1) == pytest.approx(0.8, abs=0.005)


@pytest.mark.parametrize(("margin", "least"), [(0.01, 268), (0.02, 133), (0.05, 52), (0.10, 25)])
def test_the_least_pairs_for_a_margin_are_those_of_the_table(margin: float, least: int) -> None:
    design = WithinMargin(margin, 0.05, 0.12)
    assert design.least() == least
    assert design.chance(least - 1) == 0.0


@pytest.mark.parametrize(("ours", "theirs", "pairs"), [(0.08, 0.05, 1132), (0.10, 0.05, 469)])
def test_pairs_for_a_gain_are_connors(ours: float, theirs: float, pairs: int) -> None:
    design = Gain(0.025, ours + theirs, ours - theirs)
    assert design.samples(0.8) == pytest.approx(pairs, abs=1)
    assert design.chance(pairs) == pytest.approx(0.8, abs=0.002)
    assert design.detectable(pairs, 0.8) == pytest.approx(ours - theirs, abs=1e-3)


def test_the_least_pairs_for_a_gain_are_the_first_that_tangos_bound_takes() -> None:
    least = Gain(0.05, 0.12).least()
    assert tango(Table(0, least, 0, 0), 0.05)[0] > 0 >= tango(Table(0, least - 1, 0, 0), 0.05)[0]


@pytest.mark.parametrize(("rate", "least"), [(0.10, 29), (0.05, 59), (0.03, 99), (0.02, 149), (0.01, 299)])
def test_clean_samples_that_show_a_rate_of_failures(rate: float, least: int) -> None:
    design = NoFailures(rate, 0.05, 0.001)
    assert design.least() == RateBelow(rate, 0.05).least() == least
    assert design.chance(least - 1) == 0.0
    assert design.chance(least) == pytest.approx(0.999**least)
    assert NoFailures(rate, 0.05, rate).samples(0.8) is None


def test_sixty_clean_samples_are_common_at_one_failure_in_a_hundred() -> None:
    assert NoFailures(0.05, 0.05, 0.01).chance(60) == pytest.approx(0.55, abs=0.005)


def test_the_exact_chance_is_what_a_simulation_finds() -> None:
    rng = np.random.default_rng(5)
    passed = [clopper_pearson(int(x), 143, 0.05)[0] > 0.6 for x in rng.binomial(143, 0.7, 4000)]
    assert RateAbove(0.6, 0.05, 0.7).chance(143) == pytest.approx(np.mean(passed), abs=0.02)


@pytest.mark.parametrize("n", [200, 1000])
def test_the_chance_of_a_margin_is_near_what_a_simulation_finds(n: int) -> None:
    rng = np.random.default_rng(6)
    drawn = rng.multinomial(n, [0.8, 0.06, 0.06, 0.08], 1500)
    passed = [tango(Table(*map(int, row)), 0.05)[0] > -0.05 for row in drawn]
    assert WithinMargin(0.05, 0.05, 0.12).chance(n) == pytest.approx(np.mean(passed), abs=0.04)


@pytest.mark.parametrize(
    ("design", "n"),
    [(RateAbove(0.6, 0.05), 143), (RateBelow(0.1, 0.05), 200), (WithinMargin(0.02, 0.05, 0.12), 500)],
)
def test_what_is_detectable_is_the_effect_with_that_chance(design: Design, n: int) -> None:
    effect = design.detectable(n, 0.8)
    assert effect is not None
    again: Design
    match design:
        case WithinMargin():
            again = WithinMargin(effect, 0.05, 0.12)
        case RateAbove() | RateBelow():
            again = type(design)(design.threshold, 0.05, effect)
        case _:
            raise AssertionError
    assert again.chance(n) == pytest.approx(0.8, abs=1e-3)


def test_too_few_samples_detect_nothing_and_a_planned_rate_on_the_wrong_side_never_passes() -> None:
    assert RateAbove(0.99, 0.05).detectable(298, 0.8) is None
    assert RateAbove(0.99, 0.05).chance(500) is None
    assert RateAbove(0.9, 0.05, 0.9).samples(0.8) is None
    assert RateAbove(0.9, 0.05, 0.9001).samples(0.8) == pytest.approx(
        5.56e7, rel=0.01
    )  # said at once, not searched for
    assert NoFailures(0.03, 0.05).detectable(98, 0.8) is None
    assert Gain(0.05, 0.12).detectable(5, 0.8) is None
    assert Gain(0.05, 0.12, 0.2).samples(0.8) is None
