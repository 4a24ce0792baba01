"""What requests cost as evidence: amounts by hand, failures paid for, nothing unknown taken for cheap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.core.decisions import Finding
from harness.core.estimates import Estimate, Unestimable
from harness.core.places import Place
from harness.core.policies import Gate, Policy, Waiver
from harness.core.presentation import Price, Prices
from harness.core.verdicts import Role, Verdict
from harness.gates.interface import Evidence
from harness.pipeline.judging.costs import Spent, cost_evidence, spent
from harness.pipeline.judging.evidence import Material
from harness.pipeline.judging.judge import judge
from tests.pipeline.hand_made import CANDIDATE, release
from tests.pipeline.priced import Asked, material, own, phase

BY_HOUR, BY_TOKENS = Price(per_hour=3.6), Price(prompt=2.0, generated=10.0)
ONE = (100, 10, 1.0)  # (100 x 2 + 10 x 10) / 1e6 = 0.0003
POLICY = Policy((), resamples=1_999)


def gate(threshold: float, against: str | None = None) -> Gate:
    rule = "at_most_share" if against else "at_most"
    return Gate("cost.request", rule, threshold, against, Role.GATING, Place("release.yaml", 9), None,
                "" if against else "EUR")  # fmt: skip


def amounts(found: Spent | Unestimable) -> list[float]:
    assert isinstance(found, Spent), found
    return found.amounts.tolist()


def mean(found: Spent | Unestimable) -> float:
    assert isinstance(found, Spent), found
    return float(found.amounts.sum() / found.answered.sum())


def verdict(found: Material, one: Gate, prices: Prices | None) -> Verdict:
    asked = replace(release(one), prices=prices)
    return judge(asked, found, CANDIDATE, "2026-11-22").results[0].verdict


def some(n: int, seed: int = 1) -> list[Asked]:
    rng = np.random.default_rng(seed)
    return [
        (int(p), int(g), float(s))
        for p, g, s in zip(rng.integers(50, 150, n), rng.integers(5, 20, n), rng.lognormal(0, 0.5, n), strict=True)
    ]


def test_tokens_by_their_prices() -> None:
    measured = phase({"candidate": [(100, 10, 1.0), (300, 30, 1.0)]})
    assert amounts(spent("candidate", material(measured), BY_TOKENS)) == pytest.approx([0.0003, 0.0009])


def test_the_requirements_own_example() -> None:
    """0.006 EUR for the fine-tuned model and 0.12 EUR for the prompted frontier."""
    ours = own("candidate", [(1_000, 400, 1.0)] * 3)
    theirs = own("base", [(8_000, 1_000, 1.0)] * 3)
    found = material(candidate=ours, base=theirs)
    assert mean(spent("candidate", found, Price(prompt=2.0, generated=10.0))) == pytest.approx(0.006)
    assert mean(spent("base", found, Price(prompt=10.0, generated=40.0))) == pytest.approx(0.12)


def test_an_hour_is_shared_by_time_and_adds_up_to_what_was_paid() -> None:
    """Two seconds at one request a second: 0.002 EUR, a quarter of it for the quicker one."""
    measured = phase({"candidate": [(1, 1, 1.0), (1, 1, 3.0)]}, {"candidate": 1.0})
    assert amounts(spent("candidate", material(measured), BY_HOUR)) == pytest.approx([0.0005, 0.0015])


def test_at_constant_concurrency_the_share_of_time_is_the_price_over_the_pace() -> None:
    """Four in flight, each server's second shared among them: price/3600 x latency/4, within rounding."""
    asked = some(4_000)
    seconds = sum(one[2] or 0 for one in asked if one) / 4
    found = spent("candidate", material(phase({"candidate": asked}, {"candidate": 4_000 / seconds})), BY_HOUR)
    assert amounts(found) == pytest.approx([3.6 / 3_600 * (one[2] or 0) / 4 for one in asked if one])


def test_failures_and_tries_are_paid_for_by_the_candidate_alone() -> None:
    found = material(candidate=own("candidate", [ONE] * 3 + [None]), base=own("base", [ONE] * 4, attempts=3))
    assert mean(spent("candidate", found, BY_TOKENS)) == pytest.approx(0.0003 * 4 / 3)
    assert mean(spent("base", found, BY_TOKENS)) == pytest.approx(0.0009)
    assert mean(spent("base", found, BY_TOKENS, favour=True)) == pytest.approx(0.0003)
    half_lost = phase({"candidate": [ONE, None], "base": [ONE, None]}, {"candidate": 0.5, "base": 0.5})
    assert mean(spent("candidate", material(half_lost), BY_HOUR)) == pytest.approx(0.002)
    assert mean(spent("base", material(half_lost), BY_HOUR, favour=True)) == pytest.approx(0.001)


@pytest.mark.parametrize(
    ("found", "price", "reason"),
    [
        (material(candidate=own("candidate", [ONE])), BY_HOUR, "its throughput was not measured"),
        (material(phase({"base": [ONE]}, {"base": 1.0})), BY_HOUR, "its throughput was not measured"),
        (material(phase({"candidate": [ONE]})), BY_HOUR, "its throughput was not measured"),
        (material(phase({"candidate": [ONE]}, {"candidate": 0.0})), BY_HOUR, "its throughput was not measured"),
        (material(phase({"candidate": [None]}, {"candidate": 0.0})), BY_HOUR, "it answered no request with a text"),
        (
            material(phase({"candidate": [ONE, (1, 1, None)]}, {"candidate": 1.0})), BY_HOUR,
            "1 of its 2 answers do not tell their time",
        ),
        (
            material(phase({"candidate": [ONE, (None, 3, 1.0)]})), BY_TOKENS,
            "1 of its 2 answers do not tell their tokens",
        ),
        (material(), BY_TOKENS, "it answered no request with a text"),
    ],
)  # fmt: skip
def test_what_is_not_told_has_no_cost(found: Material, price: Price, reason: str) -> None:
    assert spent("candidate", found, price) == Unestimable(reason)


def test_a_budget_passes_fails_and_stays_open() -> None:
    found = material(phase({"candidate": some(200)}, {"candidate": 4.0}))
    prices = Prices("EUR", {"candidate": BY_HOUR})  # 0.00025 a request
    assert verdict(found, gate(0.0003), prices) is Verdict.PASS
    assert verdict(found, gate(0.0002), prices) is Verdict.FAIL
    assert verdict(found, gate(0.00025), prices) is Verdict.INCONCLUSIVE
    few = material(phase({"candidate": some(58)}, {"candidate": 4.0}))
    assert verdict(few, gate(0.001), prices) is Verdict.INCONCLUSIVE


def test_a_wrong_price_is_another_verdict() -> None:
    """A price ten times as high, planted: what passed fails, and the release's digests tell it."""
    found, one = material(phase({"candidate": some(200)}, {"candidate": 4.0})), gate(0.0003)
    decisions = [
        judge(replace(release(one), prices=Prices("EUR", {"candidate": Price(per_hour=hour)})), found, CANDIDATE, "d")
        for hour in (3.6, 36.0)
    ]
    assert [str(one.verdict) for one in decisions] == ["PASS", "FAIL"]
    assert decisions[0].digests["prices"] != decisions[1].digests["prices"]


def test_a_missing_price_is_an_error_and_untold_tokens_no_verdict() -> None:
    found = material(phase({"candidate": [(None, None, 1.0)] * 100}, {"candidate": 4.0}))
    assert verdict(found, gate(0.1), None) is Verdict.ERROR
    assert verdict(found, gate(0.1), Prices("EUR", {"base": BY_HOUR})) is Verdict.ERROR
    assert verdict(found, gate(0.1), Prices("EUR", {"candidate": BY_TOKENS})) is Verdict.INCONCLUSIVE
    assert verdict(found, gate(0.1), Prices("EUR", {"candidate": Price(per_hour=0.0)})) is Verdict.INCONCLUSIVE
    unmeasured = material(candidate=own("candidate", some(100)))
    assert verdict(unmeasured, gate(0.1), Prices("EUR", {"candidate": BY_HOUR})) is Verdict.ERROR


def test_the_frontier_is_compared_on_the_samples_that_were_sent() -> None:
    """It was asked more and dearer samples, too: these make the candidate no cheaper."""
    ours = some(100)
    dear: list[Asked] = [(9_000, 900, 1.0)] * 50
    found = material(phase({"candidate": ours}, {"candidate": 4.0}), base=own("base", [*ours, *dear]))
    prices = Prices("EUR", {"candidate": BY_TOKENS, "base": Price(prompt=20.0, generated=100.0)})
    evidence = cost_evidence(gate(0.5, "base"), found, prices, POLICY)
    assert isinstance(evidence, Evidence)
    assert evidence.pair.baseline.values == pytest.approx(10 * evidence.pair.candidate.values)
    assert verdict(found, gate(0.5, "base"), prices) is Verdict.PASS
    assert verdict(found, gate(0.05, "base"), prices) is Verdict.FAIL


def test_a_frontiers_own_tries_make_the_candidate_no_cheaper() -> None:
    ours = some(100)
    found = material(candidate=own("candidate", ours, attempts=2), base=own("base", ours, attempts=3))
    evidence = cost_evidence(
        gate(0.5, "base"), found, Prices("EUR", {"candidate": BY_TOKENS, "base": BY_TOKENS}), POLICY
    )
    assert isinstance(evidence, Evidence)
    assert evidence.pair.candidate.values == pytest.approx(2 * evidence.pair.baseline.values)


def test_other_samples_are_compared_as_independent() -> None:
    found = material(phase({"candidate": some(100)}, {"candidate": 4.0}), base=own("base", some(80, 2)))
    prices = Prices("EUR", {"candidate": BY_TOKENS, "base": Price(prompt=4.0, generated=20.0)})
    one = judge(replace(release(gate(0.7, "base")), prices=prices), found, CANDIDATE, "d").results[0]
    assert isinstance(one.finding.evidence, Estimate)
    assert one.finding.evidence.method.startswith("bootstrap-t of a ratio of independent means")
    assert one.verdict is Verdict.PASS


def test_a_frontier_that_often_failed_is_no_evidence() -> None:
    found = material(phase({"candidate": some(100)}, {"candidate": 4.0}), base=own("base", [*some(95), *[None] * 5]))
    prices = Prices("EUR", {"candidate": BY_TOKENS, "base": BY_TOKENS})
    evidence = cost_evidence(gate(0.5, "base"), found, prices, POLICY)
    assert isinstance(evidence, Finding)
    assert evidence.outside
    assert "5 of 100 requests to the base failed" in evidence.reason


def test_sentences_tell_money_and_shares() -> None:
    found = material(phase({"candidate": some(200)}, {"candidate": 4.0}), base=own("base", some(200)))
    prices = Prices("EUR", {"candidate": BY_HOUR, "base": Price(prompt=20.0, generated=100.0)})
    both = judge(replace(release(gate(0.0003), gate(0.5, "base")), prices=prices), found, CANDIDATE, "d").results
    assert both[0].sentence.startswith("cost.request: 0.00025 EUR on 200 samples; the 95 % upper bound, 0.000")
    assert both[0].sentence.endswith("is below 0.0003 EUR → PASS.") or "0.00030 EUR → PASS." in both[0].sentence
    assert both[1].sentence.startswith("cost.request: share ")
    assert " % on 200 pairs; the 95 % upper bound, " in both[1].sentence
    assert "cost request is below 50.0 % of that of “base”" in both[1].client_sentence


@pytest.mark.parametrize(("drop", "outcome"), [(0.0001, "used"), (0.00001, "too_narrow")])
def test_a_waiver_accepts_an_amount(drop: float, outcome: str) -> None:
    found, one = material(phase({"candidate": some(200)}, {"candidate": 4.0})), gate(0.00025)
    waiver = Waiver(one.id, "Ana", "dear", drop, "2026-12-31", None, None, Place("waivers.yaml", 2))
    asked = replace(release(one), prices=Prices("EUR", {"candidate": BY_HOUR}), waivers=(waiver,))
    [use] = judge(asked, found, CANDIDATE, "2026-11-22").waivers
    assert use.outcome == outcome
    assert " EUR" in use.sentence
    assert "points" not in use.sentence
