"""Fewer requests while the server is full, more again when it is not; a slot is never lost and never doubled."""

from __future__ import annotations

import asyncio

import pytest

from harness.client.pace import Pace


async def fill(pace: Pace, count: int) -> list[int]:
    return [await pace.enter() for _ in range(count)]


def test_it_starts_with_what_was_declared() -> None:
    async def main() -> None:
        pace = Pace(3)
        await fill(pace, 3)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pace.enter(), 0.01)

    asyncio.run(main())


def test_refusals_of_one_round_halve_once_and_of_the_next_round_once_more() -> None:
    async def main() -> None:
        pace = Pace(16)
        rounds = await fill(pace, 16)
        for sent_in in rounds[:10]:
            pace.turned_away(sent_in)
        assert pace.limit == 8
        for _ in rounds:
            pace.leave()
        for sent_in in await fill(pace, 8):
            pace.turned_away(sent_in)
        assert pace.limit == 4

    asyncio.run(main())


def test_it_never_goes_below_one() -> None:
    async def main() -> None:
        pace = Pace(2)
        for _ in range(5):
            pace.turned_away(await pace.enter())
            pace.leave()
        assert pace.limit == 1
        assert await asyncio.wait_for(pace.enter(), 1) > 0

    asyncio.run(main())


def test_a_round_of_successes_opens_it_by_one_and_never_beyond_the_declared() -> None:
    pace = Pace(8)
    pace.turned_away(0)
    grown = []
    for _ in range(4 + 5 + 6 + 7 + 100):
        pace.succeeded()
        grown.append(pace.limit)
    assert [grown.count(limit) for limit in (4, 5, 6, 7)] == [3, 5, 6, 7]
    assert pace.limit == 8


def test_a_lower_limit_holds_back_those_who_wait_until_enough_have_left() -> None:
    async def main() -> None:
        pace = Pace(4)
        rounds = await fill(pace, 4)
        waiting = asyncio.create_task(pace.enter())
        pace.turned_away(rounds[0])
        for left in range(3):
            assert not waiting.done(), left
            pace.leave()
            await asyncio.sleep(0)
        assert await asyncio.wait_for(waiting, 1) == 1
        assert pace.in_flight == 2

    asyncio.run(main())


def test_slots_go_to_those_who_waited_longest() -> None:
    async def main() -> None:
        pace, order = Pace(1), list[int]()
        await pace.enter()

        async def wait(name: int) -> None:
            await pace.enter()
            order.append(name)
            pace.leave()

        async with asyncio.TaskGroup() as group:
            for name in range(5):
                group.create_task(wait(name))
            await asyncio.sleep(0)
            pace.leave()
        assert order == [0, 1, 2, 3, 4]
        assert pace.in_flight == 0

    asyncio.run(main())


@pytest.mark.parametrize("given_first", [False, True])
def test_who_is_cancelled_while_waiting_keeps_no_slot(given_first: bool) -> None:
    async def main() -> None:
        pace = Pace(1)
        await pace.enter()
        waiting = asyncio.create_task(pace.enter())
        await asyncio.sleep(0)
        if given_first:
            pace.leave()
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        if not given_first:
            pace.leave()
        assert pace.in_flight == 0
        await asyncio.wait_for(pace.enter(), 1)

    asyncio.run(main())


def test_one_that_wants_to_be_alone_waits_for_all_and_all_wait_for_it() -> None:
    async def main() -> list[str]:
        pace, seen = Pace(4), list[str]()

        async def work(name: str, alone: bool) -> None:
            await (pace.enter_alone() if alone else pace.enter())
            assert not alone or pace.in_flight == 1
            seen.append(name)
            for _ in range(3):
                await asyncio.sleep(0)
                assert not alone or pace.in_flight == 1
            pace.leave()

        names = [("a", False), ("b", False), ("alone", True), ("c", False), ("alone too", True), ("d", False)]
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            for name, alone in names:
                group.create_task(work(name, alone))
            given_up = group.create_task(work("given up", True))
            await asyncio.sleep(0)
            given_up.cancel()
        assert pace.in_flight == 0
        return seen

    seen = asyncio.run(main())
    assert seen[:4] == ["a", "b", "alone", "alone too"]
    assert sorted(seen[4:]) == ["c", "d"]
