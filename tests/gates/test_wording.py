"""The sentences say what was found, the right way round, and never less exactly than the verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.decisions import Evidence, Finding
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.places import Place
from harness.core.policies import Gate, Subset
from harness.core.verdicts import Role, Verdict
from harness.gates._wording import client, engineer

PASS, FAIL, INCONCLUSIVE, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR


def gate(rule: str, threshold: float, metric: str = "triage.accuracy", role: Role = Role.GATING) -> Gate:
    return Gate(
        metric,
        rule,
        threshold,
        "base" if rule in ("margin", "improves", "win_rate") else None,
        role,
        Place("release.yaml"),
    )


def share(value: float, low: float | None, high: float | None, n: int = 240) -> Estimate:
    return Estimate(value, low, high, 0.95, n, "exact")


def change(low: float, high: float) -> Comparison:
    return Comparison(0.90, 0.85, 0.05, low, high, 0.95, 240, "Tango")


@pytest.mark.parametrize(
    ("rule", "threshold", "verdict", "evidence", "ours", "theirs"),
    [
        (
            "at_least", 0.85, PASS, share(0.933, 0.90, 0.958),
            "triage.accuracy: 93.3 % on 240 samples; the 95 % lower bound, 90.0 %, is above 85.0 % → PASS.",
            "On 240 test cases, triage accuracy is above 85.0 %, with 95 % confidence.",
        ),
        (
            "at_least", 0.85, FAIL, share(0.70, 0.65, 0.748),
            "triage.accuracy: 70.0 % on 240 samples; even the 95 % upper bound, 74.8 %, is below 85.0 % → FAIL.",
            "On triage accuracy, the new model is measurably below what was agreed, so it is not released.",
        ),
        (
            "at_least", 0.85, INCONCLUSIVE, share(0.86, 0.82, 0.90),
            "triage.accuracy: 86.0 % on 240 samples; 95 % bounds 82.0 % to 90.0 %: shown to be neither above nor below "
            "85.0 % → INCONCLUSIVE.",
            "We do not have enough evidence yet to promise that triage accuracy is as agreed.",
        ),
        (
            "at_least", 0.85, INCONCLUSIVE, share(0.80, 0.75, 0.845),
            "triage.accuracy: 80.0 % on 240 samples; 95 % bounds 75.0 % to 84.5 %: all below 85.0 %, but not by enough "
            "to call it a FAIL among all gates → INCONCLUSIVE.",
            "We do not have enough evidence yet to promise that triage accuracy is as agreed.",
        ),
        (
            "at_most", 0.01, FAIL, share(0.05, 0.03, 0.08),
            "triage.accuracy: 5.0 % on 240 samples; even the 95 % lower bound, 3.0 %, is above 1.0 % → FAIL.",
            "On triage accuracy, the new model is measurably above what was agreed, so it is not released.",
        ),
        (
            "at_most", 0.01, PASS, share(0.001, 0.0, 0.006),
            "triage.accuracy: 0.1 % on 240 samples; the 95 % upper bound, 0.6 %, is below 1.0 % → PASS.",
            "On 240 test cases, triage accuracy is below 1.0 %, with 95 % confidence.",
        ),
        (
            "margin", 0.03, PASS, change(0.01, 0.09),
            "triage.accuracy: candidate 90.0 %, base 85.0 %, difference +5.0 points on 240 pairs; the 95 % lower "
            "bound, +1.0 points, is above −3.0 points → PASS.",
            "On 240 test cases, triage accuracy is worse than that of “base” by less than 3 points, if at all, with "
            "95 % confidence.",
        ),
        (
            "margin", 0.03, FAIL, change(-0.12, -0.05),
            "triage.accuracy: candidate 90.0 %, base 85.0 %, difference +5.0 points on 240 pairs; even the 95 % upper "
            "bound, −5.0 points, is below −3.0 points → FAIL.",
            "On triage accuracy, the new model is measurably worse than “base” by more than was agreed, so it is not "
            "released.",
        ),
        (
            "improves", 0.0, PASS, change(0.01, 0.09),
            "triage.accuracy: candidate 90.0 %, base 85.0 %, difference +5.0 points on 240 pairs; the 95 % lower "
            "bound, +1.0 points, is above zero → PASS.",
            "On 240 test cases, triage accuracy is better than that of “base”, with 95 % confidence.",
        ),
        (
            "win_rate", 0.6, PASS, share(0.71, 0.655, 0.76),
            "triage.accuracy: wins 71.0 % on 240 pairs; the 95 % lower bound, 65.5 %, is above 60.0 % → PASS.",
            "On 240 test cases, triage accuracy beats that of “base” on more than 60.0 % of such cases (a tie counts "
            "half), with 95 % confidence.",
        ),
        (
            "win_rate", 0.6, FAIL, share(0.5, 0.44, 0.56),
            "triage.accuracy: wins 50.0 % on 240 pairs; even the 95 % upper bound, 56.0 %, is below 60.0 % → FAIL.",
            "On triage accuracy, the new model beats “base” measurably less often than was agreed, so it is not "
            "released.",
        ),
        (
            "no_critical_failures", 0.01, PASS, share(0.0, 0.0, 0.0099, 300),
            "triage.accuracy: failures 0.0 % on 300 samples; the 95 % upper bound, 0.99 %, is below 1.0 % → PASS.",
            "No critical failure in 300 answers: we can say with 95 % confidence that the rate is below 1.0 %, not "
            "that it is zero.",
        ),
    ],
)  # fmt: skip
def test_sentences(rule: str, threshold: float, verdict: Verdict, evidence: Evidence, ours: str, theirs: str) -> None:
    finding = Finding(evidence, {"margin": -threshold, "improves": 0.0}.get(rule, threshold))
    assert engineer(gate(rule, threshold), verdict, finding) == ours
    assert client(gate(rule, threshold), verdict, finding) == theirs


def test_seconds() -> None:
    finding = Finding(share(0.98, 0.93, 1.07, 520), 5.0)
    asked = gate("at_most", 5.0, "latency.p95")
    assert engineer(asked, PASS, finding).endswith(
        "0.98 s on 520 samples; the 95 % upper bound, 1.07 s, is below 5.00 s → PASS."
    )
    assert client(asked, PASS, finding) == "On 520 test cases, latency p95 is below 5.00 s, with 95 % confidence."


def test_a_near_miss_is_not_rounded_onto_the_threshold() -> None:
    near = engineer(gate("at_least", 0.9), INCONCLUSIVE, Finding(share(0.93, 0.89996, 0.96), 0.9))
    assert "89.996 % to 96.0 %" in near


def test_a_threshold_keeps_all_its_digits() -> None:
    finding = Finding(share(0.999, 0.997, 1.0), 0.9955)
    assert "above 99.55 %" in engineer(gate("at_least", 0.9955), PASS, finding)
    assert "above 99.55 %" in client(gate("at_least", 0.9955), PASS, finding)


def test_too_few_samples_are_told_with_the_number_that_is_needed() -> None:
    finding = Finding(share(1.0, 0.74, 1.0, 10), 0.99, reason="10 samples are too few", needed=299)
    assert engineer(gate("at_least", 0.99), INCONCLUSIVE, finding) == (
        "triage.accuracy: 100.0 % on 10 samples; 95 % bounds 74.0 % to 100.0 %; 10 samples are too few → INCONCLUSIVE "
        "(no result on 10 samples can pass; at least 299 are needed)."
    )


def test_a_missing_bound_is_named() -> None:
    found = engineer(gate("at_most", 5.0, "latency.p99"), INCONCLUSIVE, Finding(share(1.0, 0.9, None), 5.0))
    assert "0.90 s to none" in found


def test_an_error_says_why() -> None:
    finding = Finding(Unestimable("the samples differ"), 0.0, verdict=ERROR, reason="the samples differ")
    assert engineer(gate("improves", 0.0), ERROR, finding) == "triage.accuracy: the samples differ → ERROR."
    assert client(gate("improves", 0.0), ERROR, finding) == "Triage accuracy could not be judged: the samples differ."


def test_an_advisory_fail_does_not_say_that_nothing_is_released() -> None:
    asked = gate("at_least", 0.9, role=Role.ADVISORY)
    assert client(asked, FAIL, Finding(share(0.5, 0.4, 0.6), 0.9)) == (
        "On triage accuracy, the new model is measurably below what was agreed."
    )


def test_a_critical_failure_is_told_as_it_is_and_not_by_a_bound() -> None:
    asked = gate("no_critical_failures", 0.03)
    found = Finding(share(1 / 240, 0.0, 0.02), 0.03, verdict=FAIL, reason="1 of 240 samples failed, and none may")
    assert engineer(asked, FAIL, found) == (
        "triage.accuracy: failures 0.4 % on 240 samples; 1 of 240 samples failed, and none may → FAIL."
    )
    assert client(asked, FAIL, found) == (
        "On triage accuracy, the new model made critical failures, so it is not released."
    )


def test_a_sample_that_was_lost_is_named() -> None:
    reason = "1 sample was not evaluated, so a critical failure can't be ruled out"
    found = Finding(share(1 / 240, 0.0, 0.02), 0.03, verdict=INCONCLUSIVE, reason=reason, needed=99)
    assert engineer(gate("no_critical_failures", 0.03), INCONCLUSIVE, found) == (
        f"triage.accuracy: failures 0.4 % on 240 samples; 95 % bounds 0.0 % to 2.0 %; {reason} → INCONCLUSIVE."
    )


def test_groups_are_not_called_samples() -> None:
    by_group = Estimate(0.0, 0.0, 0.029, 0.95, 101, "Clopper-Pearson of groups")
    asked, found = gate("no_critical_failures", 0.03), Finding(by_group, 0.03)
    assert "failures 0.0 % on 101 groups; " in engineer(asked, PASS, found)
    assert client(asked, PASS, found).startswith("No critical failure in 101 groups of answers: ")


@pytest.mark.parametrize(
    ("subset", "what", "words"),
    [
        (Subset("class", "Billing_A.b"), "triage.accuracy[class Billing_A.b]", "triage accuracy (class Billing_A.b)"),
        (Subset("slice", "language", "DE"), "triage.accuracy[language=DE]", "triage accuracy (language=DE)"),
    ],
)
def test_a_part_is_named_as_it_is_written(subset: Subset, what: str, words: str) -> None:
    asked, found = replace(gate("at_least", 0.85), subset=subset), Finding(share(0.933, 0.90, 0.958), 0.85)
    assert engineer(asked, PASS, found).startswith(f"{what}: 93.3 %")
    assert client(asked, PASS, found).startswith(f"On 240 test cases, {words} is above")
    lost = Finding(Unestimable("no samples"), 0.0, verdict=ERROR, reason="no samples")
    assert client(asked, ERROR, lost) == f"T{words[1:]} could not be judged: no samples."
