"""Published values as oracles (vectors.json names the sources)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.stats import bca, draws, independent, intervals, paired, paired_wald, power, proportion, quantiles
from harness.stats.multiple import benjamini_hochberg, holm
from harness.stats.symmetry import bowker, stuart_maxwell

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))
FOUR_DIGITS, THREE_DIGITS = 0.5e-4, 0.5e-3


def cases(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", VECTORS[name]["cases"], ids=str)


def close(found: tuple[float, float], low: float, high: float, tolerance: float) -> bool:
    return bool(np.allclose(found, (low, high), rtol=0, atol=tolerance * 1.01))


@cases("wilson95")
def test_wilson(case: list[float]) -> None:
    assert close(intervals.wilson(int(case[0]), int(case[1]), 0.025), case[2], case[3], FOUR_DIGITS)


@cases("clopper_pearson95")
def test_clopper_pearson(case: list[float]) -> None:
    assert close(intervals.clopper_pearson(int(case[0]), int(case[1]), 0.025), case[2], case[3], FOUR_DIGITS)


@cases("wilson_corrected95")
def test_wilson_with_continuity_correction(case: list[float]) -> None:
    assert close(proportion.wilson_corrected(int(case[0]), int(case[1]), 0.025), case[2], case[3], FOUR_DIGITS)


@cases("mid_p95")
def test_mid_p(case: list[float]) -> None:
    assert close(proportion.mid_p(int(case[0]), int(case[1]), 0.025), case[2], case[3], FOUR_DIGITS)


@cases("jeffreys95")
def test_jeffreys(case: list[float]) -> None:
    assert close(proportion.jeffreys(int(case[0]), int(case[1]), 0.025), case[2], case[3], FOUR_DIGITS)


@cases("independent95")
def test_two_independent_proportions(case: list[Any]) -> None:
    two, digits = independent.Two(*case[0]), THREE_DIGITS if case[0] == [7, 25, 2, 25] else FOUR_DIGITS
    methods = (independent.newcombe, independent.miettinen_nurminen, independent.mee)
    for method, published in zip(methods, case[1:], strict=True):
        assert published is None or close(method(two, 0.025), *published, digits)


@cases("zero_failures_upper95")
def test_no_failure_seen_bounds_the_rate(case: list[float]) -> None:
    assert proportion.no_event(int(case[0]), 0.05) == pytest.approx(case[1], abs=0.6e-5)
    assert intervals.clopper_pearson(0, int(case[0]), 0.05)[1] == pytest.approx(case[1], abs=0.6e-5)


@cases("mcnemar")
def test_mcnemar(case: list[Any]) -> None:
    table = paired.Table(*case[0])
    assert paired.mcnemar_exact(table) == pytest.approx(case[1], rel=2e-5)
    assert paired.mcnemar_mid_p(table) == pytest.approx(case[2], rel=2e-5)


@cases("mcnemar_asymptotic")
def test_mcnemar_asymptotic(case: list[Any]) -> None:
    table = paired.Table(*case[0])
    found = (*paired.mcnemar(table), *paired.mcnemar(table, corrected=True))
    for value, published in zip(found, case[1:], strict=True):
        assert published is None or value == pytest.approx(published, rel=1.3e-4)


@cases("newcombe_uncorrected95")
def test_newcombe_without_correction(case: list[Any]) -> None:
    assert close(paired.newcombe(paired.Table(*case[0]), 0.025, corrected=False), case[1], case[2], FOUR_DIGITS)


@cases("wald95")
def test_wald(case: list[Any]) -> None:
    assert close(paired_wald.wald(paired.Table(*case[0]), 0.025), case[1], case[2], _printed(case[1]))


@cases("agresti_min95")
def test_agresti_min(case: list[Any]) -> None:
    assert close(paired_wald.agresti_min(paired.Table(*case[0]), 0.025), case[1], case[2], _printed(case[1]))


@cases("bonett_price95")
def test_bonett_price(case: list[Any]) -> None:
    assert close(paired_wald.bonett_price(paired.Table(*case[0]), 0.025), case[1], case[2], FOUR_DIGITS)


def _printed(value: float) -> float:
    return 0.5 * 10.0 ** -len(str(abs(value)).split(".")[1])


@cases("newcombe95")
def test_newcombe(case: list[Any]) -> None:
    digits = THREE_DIGITS if case[0] in ([7, 25, 2, 68], [1, 1, 7, 12]) else FOUR_DIGITS
    assert close(paired.newcombe(paired.Table(*case[0]), 0.025), case[1], case[2], digits)


@cases("tango95")
def test_tango(case: list[Any]) -> None:
    digits = FOUR_DIGITS if case[0] in ([59, 6, 16, 80], [8, 3, 1, 2], [0, 3, 0, 0]) else THREE_DIGITS
    assert close(paired.tango(paired.Table(*case[0]), 0.025), case[1], case[2], digits)


@cases("tango90")
def test_tango_at_90(case: list[Any]) -> None:
    assert close(paired.tango(paired.Table(*case[0]), 0.05), case[1], case[2], THREE_DIGITS)


def test_conover_quantile_p() -> None:
    """The published p is two-sided, twice the smaller tail; here the larger values are too many."""
    case = VECTORS["quantile"]["conover"]
    p = quantiles.p_quantile_above(np.array(case["x"], dtype=float), case["p"], case["q"])
    assert 2 * p == pytest.approx(case["pvalue"], abs=0.5e-4)


@pytest.mark.parametrize(("q", "n"), VECTORS["quantile"]["wilks"])
def test_wilks_least_n(q: float, n: int) -> None:
    assert power.least_for_quantile(q, 0.05) == n
    assert quantiles.ranks(n, q, 0.05)[1] == n
    assert quantiles.ranks(n - 1, q, 0.05)[1] is None


@pytest.mark.parametrize(("n", "low", "high"), VECTORS["quantile"]["median_two_sided95"])
def test_median_ranks(n: int, low: int, high: int) -> None:
    assert quantiles.ranks(n, 0.5, 0.025) == (low, high)


@cases("ranks95")
def test_ranks(case: list[Any]) -> None:
    assert quantiles.ranks(case[0], case[1], 0.05) == (case[2], case[3])


def test_holm() -> None:
    assert holm(VECTORS["holm"]["p"]) == pytest.approx(VECTORS["holm"]["adjusted"])
    assert holm([]) == []


def test_benjamini_hochberg() -> None:
    case = VECTORS["benjamini_hochberg"]
    adjusted = benjamini_hochberg(case["p"])
    assert adjusted[:9] == pytest.approx(case["first"], rel=1e-4)
    assert sum(p <= 0.05 for p in adjusted) == case["rejected"]
    assert sum(p * len(case["p"]) <= 0.05 for p in case["p"]) == case["bonferroni"]
    assert benjamini_hochberg([]) == []


def test_symmetry_of_confusions() -> None:
    case = VECTORS["symmetry"]
    for test, name in ((bowker, "bowker"), (stuart_maxwell, "stuart_maxwell")):
        found = test(np.array(case["table"]))
        assert (found.statistic, found.freedom) == (pytest.approx(case[name][0], abs=0.5e-3), case[name][1])


def test_bootstrap_of_a_mean() -> None:
    case = VECTORS["bootstrap"]
    x = np.array(case["x"], dtype=float)
    found = bca.bca_of_mean(x, 0.025, 99_999, 1)
    assert found is not None
    assert found[:2] == pytest.approx(case["bca"], abs=case["tolerance"])
    drawn = draws.sums(x[:, None], np.ones(16, dtype=int), 99_999, 1)[:, 0] / 16
    assert np.quantile(drawn, [0.025, 0.975]) == pytest.approx(case["percentile"], abs=case["tolerance"])


@cases("samples_for_rate")
def test_samples_that_show_a_rate(case: list[Any]) -> None:
    threshold, rate, chance, n, least = case
    assert power.samples_for_rate(threshold, rate, 0.05, chance) == n
    assert least is None or power.least_count(n, threshold, 0.05) == least


@cases("counts_that_pass_and_fail")
def test_counts_that_pass_and_fail(case: list[Any]) -> None:
    n, threshold, passes, fails = case
    assert power.least_count(n, threshold, 0.05) == passes
    assert n - power.least_count(n, 1 - threshold, 0.05) == fails  # type: ignore[operator]


@cases("pairs_for_improvement")
def test_pairs_that_show_an_improvement(case: list[Any]) -> None:
    better, worse, n = case
    assert power.pairs_for_improvement(better - worse, better + worse, 0.025) == n


@cases("pairs_for_margin")
def test_pairs_that_show_a_margin(case: list[Any]) -> None:
    discordance, margin, *published = case
    for chance, n in zip((0.8, 0.9), published, strict=True):
        assert power.pairs_for_margin(margin, discordance, 0.05, chance) == pytest.approx(n, abs=1)


@cases("samples_for_mean")
def test_samples_that_show_a_difference_of_means(case: list[Any]) -> None:
    difference, between, within, n = case
    assert power.samples_for_mean(difference, between, within, 0.025) == n
    assert power.samples_for_mean(difference, between, 4 * within, 0.025, repeats=4) == n


@pytest.mark.parametrize(("most", "n"), [(0.03, 99), (0.01, 299)])
def test_clean_samples_that_show_a_rate_to_be_small(most: float, n: int) -> None:
    assert power.least_without_event(most, 0.05) == n
    assert proportion.no_event(n, 0.05) < most <= proportion.no_event(n - 1, 0.05)


def test_clustered_standard_error() -> None:
    case = VECTORS["clusters"]
    scores, groups = np.array(case["scores"], dtype=float), np.array(case["groups"])
    assert intervals.standard_error(scores, None) == (pytest.approx(case["plain"], abs=1e-6), 11)
    assert intervals.standard_error(scores, groups) == (pytest.approx(case["clustered"], abs=1e-6), 3)
    assert case["clustered"] * (3 / 4) ** 0.5 == pytest.approx(case["uncorrected"], abs=1e-6)


@cases("f1_of_class95")
def test_f1_of_a_class(case: list[Any]) -> None:
    found = intervals.f1_of_class(case[0], case[1], 0.025)
    assert found.value == pytest.approx(case[2], abs=FOUR_DIGITS)  # type: ignore[union-attr]
    assert close((found.low, found.high), case[3], case[4], THREE_DIGITS)  # type: ignore[union-attr, arg-type]


@cases("all_alike_pairs")
def test_least_pairs_for_a_margin(case: list[Any]) -> None:
    assert power.least_for_margin(case[0], 0.05) == case[1]


@pytest.mark.parametrize(("threshold", "n"), [(0.90, 29), (0.95, 59), (0.98, 149), (0.99, 299), (0.999, 2995)])
def test_least_samples_for_a_rate(threshold: float, n: int) -> None:
    assert power.least_for_rate(threshold, 0.05) == n
    assert intervals.clopper_pearson(n, n, 0.05)[0] > threshold
    assert intervals.clopper_pearson(n - 1, n - 1, 0.05)[0] <= threshold


@pytest.mark.parametrize(("discordance", "margin", "n"), [(0.06, 0.05, 149), (0.12, 0.02, 1855), (0.20, 0.01, 12365)])
def test_pairs_for_a_margin_at_80_percent_power(discordance: float, margin: float, n: int) -> None:
    assert power.pairs_for_margin(margin, discordance, 0.05) == pytest.approx(n, abs=1)


def test_the_published_disagreement_with_bayes_stays_inconclusive() -> None:
    assert paired.tango(paired.Table(170, 10, 12, 8), 0.05)[0] == pytest.approx(-0.0507, abs=FOUR_DIGITS)
