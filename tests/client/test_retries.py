"""How often, and after how long, a request is sent again."""

from __future__ import annotations

import pytest

from harness.client.interface import Limits
from harness.client.retries import Again, Tries


def pauses(limits: Limits, failure: Again, most: int = 1000) -> list[float]:
    tries, found = Tries(limits), list[float]()
    for _ in range(most):
        tries.sent += 1
        pause = tries.pause(failure)
        if pause is None:
            return found
        found.append(pause)
    return found


def test_failures_are_bounded_by_attempts() -> None:
    assert len(pauses(Limits(attempts=5, patience=0.0), Again("reset"))) == 4


def test_pauses_are_spread_from_zero_to_a_bound_that_doubles() -> None:
    limits = Limits(attempts=6, first_pause=1.0, longest_pause=5.0)
    many = [pauses(limits, Again("reset")) for _ in range(500)]
    for place, bound in enumerate((1.0, 2.0, 4.0, 5.0, 5.0)):
        at = [one[place] for one in many]
        assert all(0 <= pause <= bound for pause in at)
        assert min(at) < 0.2 * bound
        assert max(at) > 0.8 * bound


@pytest.mark.parametrize("status", [429, 503])
def test_a_full_server_uses_up_patience_and_no_attempts(status: int) -> None:
    found = pauses(Limits(attempts=1, first_pause=1.0, longest_pause=2.0, patience=30.0), Again("full", status))
    assert sum(found) == pytest.approx(30.0)
    assert len(found) > 10


def test_the_time_that_a_refusal_takes_counts() -> None:
    found = pauses(Limits(patience=30.0, first_pause=0.0), Again("full", 503, seconds=10.0))
    assert len(found) == 2


def test_without_patience_a_refusal_is_final() -> None:
    assert pauses(Limits(attempts=1, patience=0.0), Again("full", 429, wait=5.0)) == []
    assert pauses(Limits(attempts=9, patience=0.0), Again("full", 429, wait=5.0)) == []


@pytest.mark.parametrize("status", [429, 500])
def test_the_server_may_ask_for_more_time_but_not_for_all(status: int) -> None:
    limits = Limits(first_pause=0.01, patience=20.0)
    assert pauses(limits, Again("later", status, wait=3.0), 2) == [3.0, 3.0]
    assert pauses(limits, Again("later", status, wait=3600.0), 1) == [20.0]
