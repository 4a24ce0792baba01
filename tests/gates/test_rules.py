"""Each rule from scores to a finding: strict at the threshold, silent on weak evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.catalog import build, names
from harness.core.decisions import Finding
from harness.core.estimates import Comparison, Estimate
from harness.gates.interface import Evidence, conclude
from harness.stats.analysis import Analysis
from harness.stats.series import Series, Settings

SETTINGS = Settings(alpha=0.05, resamples=999, seed=7, min_samples=30)
ALPHA = 0.05


def find(rule: str, threshold: float, candidate: Series, baseline: Series | None = None) -> Finding:
    found = build("gates", rule, {"threshold": threshold}).find(Evidence(candidate, baseline), SETTINGS)
    assert isinstance(found, Finding)
    return found


def rate(right: int, n: int) -> Series:
    """The first `right` samples are right."""
    return Series("rate", (np.arange(n) < right).astype(float))


def verdict(found: Finding) -> str:
    """The verdict of one gate alone (no other gates to correct for)."""
    if found.passes:
        return "PASS"
    return "FAIL" if found.p_fail is not None and found.p_fail <= ALPHA else "INCONCLUSIVE"


def test_the_catalog_has_these_rules() -> None:
    assert names("gates") == (
        "at_least",
        "at_most",
        "at_most_share",
        "improves",
        "margin",
        "no_critical_failures",
        "win_rate",
    )


@pytest.mark.parametrize(
    ("rule", "threshold", "candidate", "baseline", "expected"),
    [
        ("at_least", 0.80, rate(180, 200), None, "PASS"),
        ("at_least", 0.80, rate(140, 200), None, "FAIL"),
        ("at_least", 0.80, rate(160, 200), None, "INCONCLUSIVE"),
        ("at_most", 0.05, rate(2, 200), None, "PASS"),
        ("at_most", 0.05, rate(20, 200), None, "FAIL"),
        ("at_most", 0.05, rate(9, 200), None, "INCONCLUSIVE"),
        ("margin", 0.05, rate(170, 200), rate(170, 200), "PASS"),
        ("margin", 0.05, rate(140, 200), rate(170, 200), "FAIL"),
        ("margin", 0.05, rate(162, 200), rate(170, 200), "INCONCLUSIVE"),
        ("improves", 0.0, rate(180, 200), rate(160, 200), "PASS"),
        ("improves", 0.0, rate(160, 200), rate(180, 200), "FAIL"),
        ("improves", 0.0, rate(160, 200), rate(160, 200), "INCONCLUSIVE"),
        ("at_most", 2.0, Series("quantile", np.linspace(0.1, 1.5, 200), q=0.95), None, "PASS"),
        ("at_most", 1.0, Series("quantile", np.linspace(0.1, 1.5, 200), q=0.95), None, "FAIL"),
        ("at_most", 1.4, Series("quantile", np.linspace(0.1, 1.5, 200), q=0.95), None, "INCONCLUSIVE"),
        ("at_most", 9.0, Series("quantile", np.linspace(0.1, 1.5, 58), q=0.95), None, "INCONCLUSIVE"),
        ("at_least", 0.40, Series("mean", np.linspace(0, 1, 100)), None, "PASS"),
        ("at_least", 0.60, Series("mean", np.linspace(0, 1, 100)), None, "FAIL"),
        ("at_least", 0.50, Series("mean", np.linspace(0, 1, 100)), None, "INCONCLUSIVE"),
    ],
)
def test_each_rule_gives_each_verdict(
    rule: str, threshold: float, candidate: Series, baseline: Series | None, expected: str
) -> None:
    assert verdict(find(rule, threshold, candidate, baseline)) == expected


PERFECT = {
    "rate": lambda n: Series("rate", np.ones(n)),
    "mean": lambda n: Series("mean", np.ones(n)),
    "macro_f1": lambda n: Series("macro_f1", np.ones(n), None, np.arange(n) % 2, np.arange(n) % 2, 2),
}


@pytest.mark.parametrize("kind", PERFECT)
@pytest.mark.parametrize("n", [0, 1, 2, 10, 29])
def test_few_perfect_samples_never_pass(kind: str, n: int) -> None:
    perfect = PERFECT[kind](n)
    worst = Series(kind, np.zeros(n), None, perfect.targets, None if n == 0 else 1 - np.arange(n) % 2, perfect.classes)
    assert not find("at_least", 0.01, perfect).passes
    assert not find("margin", 0.99, perfect, perfect).passes
    assert not find("improves", 0.0, perfect, worst).passes


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_ten_fast_requests_prove_no_latency(q: float) -> None:
    assert not find("at_most", 1000.0, Series("quantile", np.full(10, 0.001), q=q)).passes


@pytest.mark.parametrize("kind", PERFECT)
def test_perfection_has_a_price_in_samples(kind: str) -> None:
    """No result on 200 samples shows 99 %, on 400 each metric may."""
    assert not find("at_least", 0.99, PERFECT[kind](200)).passes
    assert find("at_least", 0.98, PERFECT[kind](400)).passes
    assert not find("margin", 0.01, PERFECT[kind](200), PERFECT[kind](200)).passes
    assert find("margin", 0.02, PERFECT[kind](400), PERFECT[kind](400)).passes


@pytest.mark.parametrize("rule", ["at_least", "margin", "improves"])
def test_a_score_that_is_no_number_proves_nothing(rule: str) -> None:
    values = np.append(np.ones(400), np.nan)
    for kind in ("rate", "mean"):
        found = find(rule, 0.1, Series(kind, values), Series(kind, np.zeros(401)))
        assert (verdict(found), found.reason) == ("INCONCLUSIVE", "a score is not a number")


def test_a_weak_bootstrap_makes_no_claim_either_way() -> None:
    targets = np.arange(100) % 2
    for answers in (targets, 1 - targets):
        found = find("at_least", 0.5, Series("macro_f1", np.ones(100), None, targets, answers, 2))
        assert (verdict(found), found.p_fail) == ("INCONCLUSIVE", None)
        assert "at least 200" in found.reason


def none(_: float) -> None:
    return None


@pytest.mark.parametrize("above", [True, False])
def test_a_bound_on_the_threshold_does_not_pass(above: bool) -> None:
    exact = Analysis(Estimate(0.5, 0.4, 0.6, 0.95, 100, ""), none, none)
    on, beyond = (0.4, 0.39999) if above else (0.6, 0.60001)
    assert not conclude(exact, on, above=above, weakness=None, needed=None).passes
    assert conclude(exact, beyond, above=above, weakness=None, needed=None).passes


def test_no_bound_does_not_pass() -> None:
    unbounded = Analysis(Estimate(0.5, None, None, 0.95, 100, ""), none, none)
    for above in (True, False):
        assert not conclude(unbounded, 0.0 if above else 1.0, above=above, weakness=None, needed=None).passes


def test_a_bound_within_the_bootstraps_noise_does_not_pass() -> None:
    noisy = Analysis(Comparison(0.9, 0.8, 0.1, 0.01, 0.2, 0.95, 300, ""), none, none, noise=0.006)
    found = conclude(noisy, 0.0, above=True, weakness=None, needed=None)
    assert not found.passes
    assert "noise" in found.reason
    assert conclude(noisy, -0.01, above=True, weakness=None, needed=None).passes


def test_twenty_seeds_never_give_both_pass_and_fail_nor_flip_next_to_the_threshold() -> None:
    rng = np.random.default_rng(5)
    targets = np.arange(240) % 3
    answers = np.where(rng.random(240) < 0.8, targets, (targets + 1) % 3)
    series = Series("macro_f1", (targets == answers).astype(float), None, targets, answers, 3)
    low = find("at_least", 0.1, series).evidence.low  # type: ignore[union-attr]
    settings_of = [Settings(0.05, 1999, seed, 30) for seed in range(20)]
    for threshold in (low - 0.03, low, low + 0.03):
        rule = build("gates", "at_least", {"threshold": threshold})
        found = {verdict(rule.find(Evidence(series), one)) for one in settings_of}
        assert len(found - {"INCONCLUSIVE"}) <= 1


ORDER = {"FAIL": 0, "INCONCLUSIVE": 1, "PASS": 2}
pairs = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=30, max_size=150)


@settings(max_examples=60)
@given(pairs, st.sampled_from(["margin", "improves", "at_least"]), st.sampled_from([0.05, 0.2, 0.6]), st.data())
def test_one_more_right_answer_never_worsens_the_verdict(
    found: list[tuple[bool, bool]], rule: str, threshold: float, data: st.DataObject
) -> None:
    ours, theirs = (np.array(column, dtype=float) for column in zip(*found, strict=True))
    wrong = np.flatnonzero((ours == 0) & (theirs == 1))
    if len(wrong):
        better = ours.copy()
        better[data.draw(st.sampled_from(wrong.tolist()))] = 1.0
        before, after = (
            verdict(find(rule, threshold, Series("rate", s), Series("rate", theirs))) for s in (ours, better)
        )
        assert ORDER[after] >= ORDER[before]


@pytest.mark.parametrize(
    ("rule", "threshold", "series", "needed"),
    [
        ("at_least", 0.99, rate(50, 50), 299),
        ("at_least", 0.10, rate(50, 50), 30),
        ("at_most", 0.01, rate(0, 50), 299),
        ("at_most", 5.0, Series("quantile", np.ones(50), q=0.99), 299),
        ("margin", 0.02, rate(50, 50), 133),
        ("improves", 0.0, rate(50, 50), 30),
        ("at_least", 0.5, PERFECT["mean"](40), 50),
        ("margin", 0.5, PERFECT["macro_f1"](40), 200),
    ],
)
def test_the_least_number_of_samples_is_told(rule: str, threshold: float, series: Series, needed: int) -> None:
    found = find(rule, threshold, series, series)
    assert found.needed == needed
    assert series.n >= needed or not found.passes


def test_a_comparison_without_a_baseline_is_a_bug() -> None:
    with pytest.raises(ValueError, match="no baseline"):
        find("margin", 0.1, rate(40, 50))


def with_lost(failed: int, lost: int, n: int, groups: int = 0) -> Series:
    """The first `failed` samples failed, the next `lost` were not evaluated; `groups` samples share a group."""
    right = (np.arange(n) >= failed + lost).astype(float)
    return Series("rate", right, np.arange(n) // groups if groups else None, lost=lost)


@pytest.mark.parametrize(
    ("threshold", "series", "expected", "reason"),
    [
        (0.03, with_lost(0, 0, 99), "PASS", ""),
        (0.03, with_lost(0, 0, 98), "INCONCLUSIVE", "98 without a failure are too few"),
        (0.01, with_lost(0, 0, 299), "PASS", ""),
        (0.01, with_lost(0, 0, 298), "INCONCLUSIVE", "298 without a failure are too few"),
        (0.5, with_lost(0, 0, 29), "INCONCLUSIVE", "29 without a failure are too few"),
        (0.03, with_lost(1, 0, 100_000), "FAIL", "1 of 100000 samples failed, and none may"),
        (0.03, with_lost(1, 0, 1), "FAIL", "1 of 1 sample failed, and none may"),
        (0.03, with_lost(2, 3, 500), "FAIL", "2 of 500 samples failed, and none may"),
        (0.03, with_lost(0, 1, 500), "INCONCLUSIVE", "1 sample was not evaluated, so"),
        (0.03, with_lost(0, 3, 500), "INCONCLUSIVE", "3 samples were not evaluated, so"),
        (0.03, with_lost(0, 0, 99 * 4, groups=4), "PASS", ""),
        (0.03, with_lost(0, 0, 98 * 4, groups=4), "INCONCLUSIVE", "98 without a failure are too few"),
        (0.03, with_lost(1, 0, 400, groups=4), "FAIL", "1 of 400 samples failed, and none may"),
        (0.03, Series("mean", np.append(np.full(200, 1.0), 0.5), repeats=2), "FAIL", "1 of 201 samples failed"),
        (0.03, Series("rate", np.append(np.ones(200), np.nan)), "INCONCLUSIVE", "a score is not a number"),
        (0.03, Series("rate", np.ones(0)), "INCONCLUSIVE", "no samples"),
    ],
)
def test_not_one_critical_failure(threshold: float, series: Series, expected: str, reason: str) -> None:
    found = find("no_critical_failures", threshold, series)
    assert (found.verdict or verdict(found)) == expected
    assert found.reason.startswith(reason)
    assert bool(found.reason) == (expected != "PASS")
    assert found.p_fail is None


def test_the_rate_of_failures_has_exact_bounds_and_counts_what_was_lost() -> None:
    found = find("no_critical_failures", 0.03, with_lost(1, 1, 60)).evidence
    assert isinstance(found, Estimate)
    assert (found.value, found.n) == (2 / 60, 60)
    clean = find("no_critical_failures", 0.03, with_lost(0, 0, 60)).evidence
    assert isinstance(clean, Estimate)
    assert clean.high == pytest.approx(1 - 0.05 ** (1 / 60))
    grouped = find("no_critical_failures", 0.03, with_lost(5, 0, 240, groups=4)).evidence
    assert isinstance(grouped, Estimate)
    assert (grouped.value, grouped.n) == (2 / 60, 60)


def test_the_rules_own_rate_is_three_in_a_hundred() -> None:
    assert build("gates", "no_critical_failures", {}).needed(rate(1, 1), SETTINGS) == 99


def against(wins: int, losses: int, ties: int, groups: int = 0) -> tuple[Series, Series]:
    """Candidate and baseline with so many wins, losses and ties, well mixed; `groups` samples share a group."""
    ours = np.repeat([1.0, 0.0, 0.5], [wins, losses, ties])
    mixed = np.random.default_rng(3).permutation(ours)
    numbers = np.arange(len(ours)) // groups if groups else None
    return Series("mean", mixed, numbers), Series("mean", np.full(len(ours), 0.5), numbers)


@pytest.mark.parametrize(
    ("threshold", "n", "least", "most"),
    [
        (0.6, 30, 23, 13),
        (0.6, 60, 43, 29),
        (0.6, 100, 69, 51),
        (0.6, 200, 132, 108),
        (0.6, 500, 319, 281),
        (0.4, 30, 17, 7),
        (0.4, 60, 31, 17),
        (0.4, 100, 49, 31),
        (0.4, 2000, 837, 763),
    ],
)
def test_wins_without_ties_have_the_cut_offs_of_the_exact_binomial(
    threshold: float, n: int, least: int, most: int
) -> None:
    found = {wins: verdict(find("win_rate", threshold, *against(wins, n - wins, 0))) for wins in range(most, least + 1)}
    assert found.pop(least) == "PASS"
    assert found.pop(most) == "FAIL"
    assert set(found.values()) == {"INCONCLUSIVE"}


HANGS = "the verdict hangs on how ties are counted (as a half, as a loss, or not at all)"


@pytest.mark.parametrize(
    ("threshold", "counts", "expected", "reason"),
    [
        (0.6, (80, 10, 10), "PASS", ""),
        (0.6, (30, 80, 10), "FAIL", ""),
        (0.6, (62, 40, 12), "INCONCLUSIVE", ""),
        (0.4, (50, 30, 60), "INCONCLUSIVE", HANGS),  # halves 57 %, dropped 63 %, losses 36 %
        (0.6, (20, 0, 180), "INCONCLUSIVE", HANGS),  # halves 55 %, dropped 100 %, losses 10 %
        (0.6, (0, 0, 100), "INCONCLUSIVE", HANGS),
        (0.4, (0, 0, 100), "INCONCLUSIVE", HANGS),
        (0.6, (30, 2, 8), "PASS", ""),  # losses 75 %, exactly above 60 %: no fewer samples are needed without ties
        (0.6, (23, 3, 3), "INCONCLUSIVE", "29 samples are too few to prove anything here; at least 30 are needed"),
    ],
)
def test_ties_count_half_and_the_verdict_may_not_hang_on_it(
    threshold: float, counts: tuple[int, int, int], expected: str, reason: str
) -> None:
    found = find("win_rate", threshold, *against(*counts))
    assert (verdict(found), found.reason) == (expected, reason)
    assert isinstance(found.evidence, Estimate)
    wins, _, ties = counts
    assert found.evidence.value == pytest.approx((wins + ties / 2) / sum(counts))


@pytest.mark.parametrize("n", range(30, 60))
def test_ties_change_nothing_about_the_fewest_samples(n: int) -> None:
    """So that what is planned, without a tie, is what the gate then asks for."""
    needed = build("gates", "win_rate", {"threshold": 0.4}).needed(Series("mean", np.ones(n)), SETTINGS)
    assert needed == 30
    for ties in (0, 1, n // 4):
        found = find("win_rate", 0.4, *against(n - ties, 0, ties))
        assert (found.passes, found.reason, found.needed) == (True, "", needed)


@pytest.mark.parametrize("n", [30, 40, 49])
def test_a_win_rate_with_ties_passes_no_oftener_than_alpha_at_its_threshold(n: int) -> None:
    """40 % wins and 20 % ties are a win rate of 50 %: what passes there is an error."""
    drawn = np.random.default_rng(11).choice([1.0, 0.5, 0.0], (600, n), p=[0.4, 0.2, 0.4])
    half = Series("mean", np.full(n, 0.5))
    passed = sum(find("win_rate", 0.5, Series("mean", values), half).passes for values in drawn)
    assert passed / len(drawn) <= ALPHA


def test_grouped_wins_are_judged_by_groups() -> None:
    """The same wins, but ten of each group move together."""
    spread = np.tile([1.0, 1.0, 1.0, 0.0], 25)
    alone, together = spread, np.repeat(spread[:10], 10)
    numbers, half = np.arange(100) // 10, np.full(100, 0.5)
    assert find("win_rate", 0.6, Series("mean", alone), Series("mean", half)).passes
    found = find("win_rate", 0.6, Series("mean", together, numbers), Series("mean", half, numbers))
    assert not found.passes
    assert "groups" in found.reason


def test_many_groups_may_pass() -> None:
    assert verdict(find("win_rate", 0.6, *against(320, 80, 0, groups=4))) == "PASS"
    assert verdict(find("win_rate", 0.6, *against(320, 60, 20, groups=4))) == "PASS"


def test_means_of_repeats_that_differ_in_their_last_bit_are_ties() -> None:
    ours, theirs = Series("mean", np.full(60, 0.1 + 0.2)), Series("mean", np.full(60, 0.3))
    found = find("win_rate", 0.6, ours, theirs).evidence
    assert isinstance(found, Estimate)
    assert found.value == 0.5


def test_a_score_that_is_no_number_wins_nothing() -> None:
    ours = Series("mean", np.append(np.ones(400), np.nan))
    found = find("win_rate", 0.6, ours, Series("mean", np.zeros(401)))
    assert (verdict(found), found.reason) == ("INCONCLUSIVE", "a score is not a number")


@pytest.mark.parametrize("n", [0, 1, 2, 10, 29])
def test_few_wins_never_pass(n: int) -> None:
    assert verdict(find("win_rate", 0.01, *against(n, 0, 0))) == "INCONCLUSIVE"


def test_pairs_need_the_same_samples() -> None:
    with pytest.raises(ValueError, match="same samples"):
        find("win_rate", 0.6, rate(40, 50), rate(40, 51))


@pytest.mark.parametrize(
    ("rule", "threshold", "fixed", "anytime"), [("at_least", 0.95, 59, 82), ("margin", 0.02, 133, 224)]
)
def test_bounds_that_hold_at_any_time_need_more_samples(rule: str, threshold: float, fixed: int, anytime: int) -> None:
    series = Series("rate", np.ones(300))
    built = build("gates", rule, {"threshold": threshold})
    asked = [built.needed(series, replace(SETTINGS, anytime=when)) for when in (False, True)]
    assert asked == [fixed, anytime]
