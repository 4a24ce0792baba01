"""A server that dies ends whatever is asked of it, with its last words, at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.client import watched
from harness.client.ask import Question, ask_all
from harness.client.interface import Limits
from harness.client.preflight import Expected, preflight
from harness.client.tgi import TgiClient
from harness.core.errors import OutsideError
from harness.core.suites import Generation
from tests.tgi_stub import ADAPTER, Stub

Ask = Callable[[TgiClient], Awaitable[Any]]
PATIENT = Limits(timeout=600.0, attempts=8, first_pause=60.0, longest_pause=60.0)
GONE = "the server ended (killed by SIGKILL). Its last words (server.log): out of memory"


def dies_after(seconds: float) -> Callable[[], str | None]:
    until = time.monotonic() + seconds
    return lambda: GONE if time.monotonic() >= until else None


def use(stub: Stub, ask: Ask, watch: Callable[[], str | None]) -> None:
    async def main() -> None:
        async with TgiClient(stub.url, None, 4, replace(PATIENT, watch=watch)) as client:
            await ask(client)

    asyncio.run(main())


async def many(client: TgiClient) -> None:
    turns = [{"role": "user", "content": "late: shipping"}]
    questions = (Question("sort", str(i), turns, Generation(), ADAPTER) for i in range(500))
    await ask_all(client, questions, 64, lambda question, output: None)


async def check(client: TgiClient) -> None:
    await preflight(client, ADAPTER, Expected(True, None, None, None, None, True))


@pytest.mark.parametrize("ask", [many, check, lambda client: client.prefill("text", None)], ids=["run", "check", "one"])
@pytest.mark.parametrize("fault", ["hang", "reset", 500])
def test_requests_under_way_and_those_that_wait_to_be_sent_again_end(stub: Stub, ask: Ask, fault: int | str) -> None:
    stub.always = fault
    begun = time.monotonic()
    with pytest.raises(OutsideError) as raised:
        use(stub, ask, dies_after(0.2))
    assert str(raised.value) == GONE
    assert time.monotonic() - begun < 25, "the server hangs for 30 s, and eight attempts take minutes"


def test_it_is_looked_for_often_enough_to_be_told_within_two_seconds() -> None:
    assert watched._LOOK + watched._LAST_LOOKS * watched._LAST_LOOK < 1


def test_a_server_that_is_dead_already_is_not_asked(stub: Stub) -> None:
    with pytest.raises(OutsideError, match="killed by SIGKILL"):
        use(stub, many, dies_after(0.0))
    assert stub.asked == []


def test_its_own_failures_are_told_by_its_end(stub: Stub) -> None:
    stub.healthy = False
    with pytest.raises(OutsideError, match="killed by SIGKILL"):
        use(stub, check, dies_after(0.1))


def test_a_server_that_lives_changes_nothing(stub: Stub) -> None:
    use(stub, many, lambda: None)
    assert stub.answered == 500
    stub.healthy = False
    with pytest.raises(OutsideError, match="is not healthy"):
        use(stub, check, lambda: None)


def test_whoever_else_cancels_is_heard(stub: Stub) -> None:
    stub.always = "hang"

    async def main() -> None:
        async with asyncio.timeout(0.2), TgiClient(stub.url, None, 4, replace(PATIENT, watch=lambda: None)) as client:
            await many(client)

    with pytest.raises(TimeoutError):
        asyncio.run(main())


def test_after_it_the_task_goes_on(stub: Stub) -> None:
    stub.always = "hang"

    async def main() -> None:
        limits = replace(PATIENT, watch=dies_after(0.1))
        with pytest.raises(OutsideError):
            async with TgiClient(stub.url, None, 4, limits) as client:
                await many(client)
        assert (task := asyncio.current_task()) is not None
        assert task.cancelling() == 0
        await asyncio.sleep(0.01)

    asyncio.run(main())
