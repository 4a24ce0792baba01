"""A hopeless run ends as soon as it is one, with the reply; one that may still become evidence goes on."""

from __future__ import annotations

import pytest

from harness.core.errors import ExitCode
from harness.core.samples import REFUSED, Output
from harness.pipeline.running.lost_requests import FIRST, HopelessRun, LostRequests


def losses(total: int = 10_000) -> LostRequests:
    return LostRequests({"sort": total}, 0.01, 0.05)


def failed(error: str) -> Output:
    return Output("s", None, error=error)


def test_the_first_replies_that_are_all_one_failure_end_it() -> None:
    count = losses()
    for number in range(FIRST - 1):
        count.count("sort", failed(f"the request timed out after {number}.5 s (8 attempts)"))
    with pytest.raises(
        HopelessRun, match=r"the first 20 requests of the task 'sort' all failed.*timed out after 7 s"
    ) as told:
        count.count("sort", failed("the request timed out after 7 s (8 attempts)"))
    assert told.value.exit_code is ExitCode.OUTSIDE


@pytest.mark.parametrize("between", [Output("s", "an answer"), failed("a reset")])
def test_another_reply_among_them_lets_it_go_on(between: Output) -> None:
    count = losses()
    count.count("sort", failed("HTTP 500"))
    count.count("sort", between)
    for _ in range(FIRST + 5):
        count.count("sort", failed("HTTP 500"))


def test_more_than_the_permitted_share_ends_it_wherever_it_is_lost() -> None:
    count = losses(200)
    for number in range(100):
        count.count("sort", Output(f"s{number}", "an answer"))
    count.count("sort", failed("HTTP 500"))
    count.count("sort", failed("HTTP 502"))
    with pytest.raises(
        HopelessRun, match=r"3 of 200 requests of the task 'sort' failed \(1% may\).*The reply: HTTP 503"
    ):
        count.count("sort", failed("HTTP 503"))


def test_what_is_refused_for_good_has_a_share_of_its_own() -> None:
    count, refused = losses(40), Output("s", None, REFUSED, error="HTTP 400: too long")
    count.count("sort", Output("s", "an answer"))
    count.count("sort", refused)
    count.count("sort", refused)
    with pytest.raises(HopelessRun, match=r"3 of 40 requests .* were refused for good \(5% may\).*too long"):
        count.count("sort", refused)
