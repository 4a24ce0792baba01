"""Numbers as people read them, and never rounded onto what they are held against."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.estimates import Estimate
from harness.core.places import Place
from harness.core.policies import Gate
from harness.core.verdicts import Role
from harness.report import words

S = words.SPACE


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.934, "93.4"), (0.0, "0.0"), (1.0, "100.0"), (0.9996, "99.96"), (0.0004, "0.04"), (-0.05, "−5.0")],
)
def test_percent(value: float, text: str) -> None:
    assert words.percent(value) == f"{text}{S}%"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("all 6 gates that must pass do.", "All 6 gates that must pass do."),
        ("triage.accuracy must pass", "triage.accuracy must pass"),
        ("rouge_1: too few", "rouge_1: too few"),
        ("orders: none", "orders: none"),
        ("", ""),
    ],
)
def test_a_sentence_starts_with_a_capital_and_a_name_stays(text: str, told: str) -> None:
    assert words.start(text) == told


@pytest.mark.parametrize(("value", "text"), [(0.021, "+2.1"), (-0.06, "−6.0"), (0.0, "0.0"), (-0.0003, "−0.03")])
def test_points(value: float, text: str) -> None:
    assert words.points(value) == f"{text}{S}points"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.045, f"45{S}ms"),
        (0.98, f"0.98{S}s"),
        (12.44, f"12.4{S}s"),
        (125.0, f"2{S}min 5{S}s"),
        (3840.0, f"1{S}h 4{S}min"),
        (0.0, f"0{S}ms"),
        (59.99, f"1{S}min 0{S}s"),
    ],
)
def test_seconds(value: float, text: str) -> None:
    assert words.seconds(value) == text


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_value_never_reads_like_a_threshold_that_it_is_not(value: float, threshold: float) -> None:
    shown, asked = words.apart(value, threshold, words.percent), words.apart(threshold, value, words.percent)
    assert shown != asked or abs(value - threshold) < 1e-6


def test_a_near_miss_is_seen_to_be_one() -> None:
    assert words.apart(0.89996, 0.9, words.percent) == f"89.996{S}%"
    assert words.interval(0.89996, 0.95, words.percent, 0.9) == f"89.996 to 95.0{S}%"


def test_an_interval_without_a_side_says_so() -> None:
    assert words.interval(None, 0.95, words.percent) == f"up to 95.0{S}%"
    assert words.interval(0.9, None, words.percent) == f"from 90.0{S}%"
    assert words.interval(None, None, words.percent) == words.NOTHING


def test_limits_of_different_units_keep_both() -> None:
    assert words.interval(0.05, 1.2, words.seconds) == f"50{S}ms to 1.20{S}s"


@pytest.mark.parametrize(
    ("metric", "rule", "threshold", "text"),
    [
        ("a.accuracy", "at_least", 0.9, f"at least 90{S}%"),
        ("errors.rate", "at_most", 0.005, f"at most 0.5{S}%"),
        ("latency.p95", "at_most", 5.0, f"at most 5{S}s"),
        ("a.accuracy", "margin", 0.03, f"at most 3{S}points worse than base"),
        ("a.accuracy", "improves", 0.0, "better than base"),
        ("a.accuracy", "win_rate", 0.6, f"better than base on over 60{S}%"),
        ("a.accuracy", "no_critical_failures", 0.03, f"no failure, shown rarer than 3{S}%"),
    ],
)
def test_what_a_gate_asks(metric: str, rule: str, threshold: float, text: str) -> None:
    assert words.rule(Gate(metric, rule, threshold, "base", Role.GATING, Place("release.yaml"))) == text


@pytest.mark.parametrize(
    ("iso", "text"),
    [
        ("2026-11-22T03:12:36+00:00", f"22{S}November 2026, 03:12 UTC"),
        ("2026-01-02T23:05:00+05:30", f"2{S}January 2026, 23:05 UTC+05:30"),
        ("2026-01-02T23:05:00", f"2{S}January 2026, 23:05 (no time zone)"),
        ("yesterday", "yesterday"),
    ],
)
def test_times_keep_their_zone(iso: str, text: str) -> None:
    assert words.when(iso) == text


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.006, 1, "0.0060 EUR"),
        (0.12, 1, "0.12 EUR"),
        (12.4, 1, "12.40 EUR"),
        (1_234.5, 1, "1,234.50 EUR"),
        (0.000_012_34, 2, "0.0000123 EUR"),
        (-0.006, 1, "−0.0060 EUR"),
        (0.0, 1, "0.00 EUR"),
    ],
)
def test_small_amounts_of_money_keep_digits_that_tell(value: float, decimals: int, text: str) -> None:
    assert words.money("EUR")(value, decimals) == text.replace(" ", words.SPACE)


def test_a_budget_is_told_in_its_currency_and_a_share_in_per_cent() -> None:
    budget = Gate("cost.request", "at_most", 0.0042, None, Role.GATING, Place(""), None, "EUR")
    share = Gate("cost.request", "at_most_share", 1.05, "big", Role.GATING, Place(""))
    found = Estimate(0.004199, 0.0041, 0.004201, 0.95, 200, "bootstrap-t")
    assert words.rule(budget) == f"at most 0.0042{words.SPACE}EUR"
    assert words.rule(share) == f"at most 105{words.SPACE}% of big"
    assert words.evidence_value(budget, found, 0.0042) == f"0.004199{words.SPACE}EUR"
    assert words.evidence_interval(budget, found, 0.0042) == f"0.0041 to 0.004201{words.SPACE}EUR"
    assert (words.is_amount(budget), words.is_amount(share)) == (True, False)
    assert words.counted(share) == "share"
