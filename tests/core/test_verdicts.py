"""The algebra of verdicts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.verdicts import Role, Verdict, release_verdict

PASS, FAIL, INCONCLUSIVE, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR
CRITICAL, GATING, GUARDRAIL, ADVISORY = Role.CRITICAL, Role.GATING, Role.GUARDRAIL, Role.ADVISORY
gates = st.lists(st.tuples(st.sampled_from(Role), st.sampled_from(Verdict)), max_size=8)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([], ERROR),
        ([(ADVISORY, PASS)], ERROR),
        ([(ADVISORY, FAIL)], ERROR),
        ([(GUARDRAIL, PASS)], ERROR),
        ([(GUARDRAIL, FAIL)], FAIL),
        ([(GATING, PASS)], PASS),
        ([(CRITICAL, PASS)], PASS),
        ([(GATING, INCONCLUSIVE)], INCONCLUSIVE),
        ([(CRITICAL, INCONCLUSIVE)], INCONCLUSIVE),
        ([(GATING, ERROR)], ERROR),
        ([(GATING, PASS), (GUARDRAIL, INCONCLUSIVE)], PASS),
        ([(GATING, PASS), (GUARDRAIL, ERROR)], ERROR),
        ([(GATING, PASS), (GUARDRAIL, FAIL)], FAIL),
        ([(GATING, PASS), (ADVISORY, FAIL), (ADVISORY, ERROR)], PASS),
        ([(GATING, FAIL), (GATING, ERROR)], FAIL),
        ([(GATING, ERROR), (GATING, INCONCLUSIVE)], ERROR),
    ],
)
def test_release_verdict(found: list[tuple[Role, Verdict]], verdict: Verdict) -> None:
    assert release_verdict(found) is verdict


@given(gates)
def test_a_release_passes_only_if_every_gate_that_must_pass_does(found: list[tuple[Role, Verdict]]) -> None:
    must = [verdict for role, verdict in found if role in (CRITICAL, GATING)]
    guarded = [verdict for role, verdict in found if role is GUARDRAIL]
    expected = bool(must) and set(must) == {PASS} and not {FAIL, ERROR} & set(guarded)
    assert (release_verdict(found) is PASS) == expected


@given(gates, st.sampled_from(Verdict))
def test_an_advisory_gate_changes_nothing(found: list[tuple[Role, Verdict]], verdict: Verdict) -> None:
    assert release_verdict([*found, (ADVISORY, verdict)]) is release_verdict(found)


@given(gates)
def test_order_does_not_count_and_an_iterator_does(found: list[tuple[Role, Verdict]]) -> None:
    assert release_verdict(iter(found)) is release_verdict(found[::-1])


@given(gates, st.tuples(st.sampled_from(Role), st.sampled_from([FAIL, INCONCLUSIVE, ERROR])))
def test_a_further_gate_that_does_not_pass_never_makes_a_pass(
    found: list[tuple[Role, Verdict]], further: tuple[Role, Verdict]
) -> None:
    if release_verdict(found) is not PASS:
        assert release_verdict([*found, further]) is not PASS


@pytest.mark.parametrize(
    ("found", "waived", "verdict"),
    [
        ([], [GATING], INCONCLUSIVE),
        ([(GUARDRAIL, PASS)], [GATING], INCONCLUSIVE),
        ([(GUARDRAIL, FAIL)], [GATING], FAIL),
        ([(GUARDRAIL, ERROR)], [GATING], ERROR),
        ([(ADVISORY, PASS)], [GUARDRAIL], ERROR),
        ([(GATING, PASS)], [GATING, GUARDRAIL], PASS),
        ([(GATING, INCONCLUSIVE)], [GATING], INCONCLUSIVE),
    ],
)
def test_a_waived_gate_is_no_evidence(found: list[tuple[Role, Verdict]], waived: list[Role], verdict: Verdict) -> None:
    assert release_verdict(found, iter(waived)) is verdict


@given(gates, st.lists(st.sampled_from([GATING, GUARDRAIL])))
def test_waivers_alone_never_make_a_pass(found: list[tuple[Role, Verdict]], waived: list[Role]) -> None:
    assert (release_verdict(found, waived) is PASS) == (release_verdict(found) is PASS)
