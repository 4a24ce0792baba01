"""What an answered request costs in the report: the numbers that a gate has, None with a reason where unknown."""

from __future__ import annotations

import pytest

from harness.core.policies import Policy
from harness.core.presentation import Price, Prices
from harness.pipeline.judging.evidence import Material
from harness.pipeline.reporting.costs import costs, judged_cost
from harness.report.service import Cost
from tests.pipeline.hand_made import decide, gate
from tests.pipeline.priced import Asked, material, own, phase

BY_TOKENS = Price(prompt=2.0, generated=10.0)
POLICY = Policy((), resamples=1_999)
ONE = (100, 10, 1.0)


def cost(found: Material, price: Price, role: str = "candidate") -> Cost:
    (one,) = costs(found, Prices("EUR", {role: price}), POLICY)
    return one


def test_an_hour_is_shared_among_the_answered_requests() -> None:
    found = cost(material(phase({"candidate": [ONE] * 60}, {"candidate": 4.0})), Price(per_hour=3.6))
    assert found.per_request == pytest.approx(0.00025)  # 3.60 for 14,400 requests
    assert (found.role, found.currency, found.reason) == ("candidate", "EUR", "")


def test_tokens_are_those_of_the_measured_phase() -> None:
    measured = phase({"candidate": [(100, 10, 1.0), (300, 30, 1.0)] * 30, "base": [(9_000, 900, 1.0)]})
    found = cost(material(measured, candidate=own("candidate", [(7_000, 700, 1.0)])), BY_TOKENS)
    assert (found.prompt_tokens, found.generated_tokens) == (200, 20)
    assert found.per_request == pytest.approx((200 * 2 + 20 * 10) / 1e6)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.per_request < found.high


def test_a_model_that_was_not_measured_is_taken_from_its_own_runs() -> None:
    measured = phase({"candidate": [(9_000, 900, 1.0)]})
    found = cost(material(measured, base=own("base", [(100, 10, 1.0), (300, 30, 1.0)])), BY_TOKENS, "base")
    assert (found.prompt_tokens, found.generated_tokens) == (200, 20)


def test_a_failed_request_and_a_retry_cost_as_much_as_an_answer() -> None:
    asked: list[Asked] = [ONE, ONE, ONE, None]
    assert cost(material(candidate=own("candidate", asked)), BY_TOKENS).per_request == pytest.approx(0.0004)
    found = cost(material(candidate=own("candidate", asked, attempts=2)), BY_TOKENS)
    assert found.per_request == pytest.approx(0.0008)
    assert (found.prompt_tokens, found.generated_tokens) == (100, 10)


def test_an_unknown_cost_has_its_reason_and_no_number() -> None:
    found = cost(material(candidate=own("candidate", [ONE, (None, None, 1.0)])), BY_TOKENS)
    assert found == Cost("candidate", None, "EUR", "1 of its 2 answers do not tell their tokens")
    one = cost(material(candidate=own("candidate", [ONE])), BY_TOKENS)
    assert (one.per_request, one.low, one.high) == (pytest.approx(0.0003), None, None)


def test_only_what_has_a_price_and_was_run_is_told() -> None:
    found = material(candidate=own("candidate", [ONE]), base=own("base", [ONE]))
    assert costs(found, None, POLICY) == ()
    assert costs(found, Prices("EUR", {"elsewhere": BY_TOKENS}), POLICY) == ()
    both = costs(found, Prices("EUR", {"base": BY_TOKENS, "candidate": BY_TOKENS}), POLICY)
    assert [one.role for one in both] == ["candidate", "base"]


def test_a_decision_without_a_gate_on_costs_tells_none() -> None:
    found = material(phase({"candidate": [ONE] * 60}, {"candidate": 4.0}))
    assert judged_cost(decide(found, gate("errors.rate", "at_most", 0.5))) is None
