"""Each sample ends as exactly one output, whatever the server does; a server that is gone leaves no errors behind."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import pytest

from harness.client.ask import Question, ask_all
from harness.client.interface import Client, Limits
from harness.client.tgi import TgiClient
from harness.core.errors import OutsideError
from harness.core.samples import Output
from harness.core.suites import Generation
from tests.client.asking import QUICK
from tests.tgi_stub import ADAPTER, Stub
from tests.waiting import until

ROOT = Path(__file__).parents[2]
SHORT = Generation(max_new_tokens=8)
FAULTS: tuple[int | str, ...] = (429, 503, "reset", "truncated")


def question(number: int, repeat: int = 0) -> Question:
    turns = [{"role": "user", "content": f"{number} shipping"}]
    return Question("t", f"s{number}", turns, SHORT, ADAPTER, repeat)


def ask(
    stub: Stub, questions: Iterable[Question | None] | int, workers: int = 4, slots: int = 4, limits: Limits = QUICK
) -> list[tuple[Question, Output]]:
    kept: list[tuple[Question, Output]] = []
    given = map(question, range(questions)) if isinstance(questions, int) else questions

    async def main() -> None:
        async with TgiClient(stub.url, None, slots, limits) as client:
            await ask_all(client, given, workers, lambda asked, output: kept.append((asked, output)))

    asyncio.run(main())
    return kept


def test_at_most_so_many_are_in_flight_and_each_sample_is_answered_once(stub: Stub) -> None:
    stub.delay = 0.01
    stub.faults.extend([503, "reset", 429, "truncated"])
    kept = ask(stub, 40, workers=3)
    assert stub.most_in_flight == 3
    assert sorted(output.sample_id for _, output in kept) == sorted(f"s{i}" for i in range(40))
    assert all(output.text == "shipping" and asked.sample_id == output.sample_id for asked, output in kept)


def test_the_pool_itself_bounds_what_is_in_flight(stub: Stub) -> None:
    stub.delay = 0.01
    ask(stub, 40, workers=20)
    assert stub.most_in_flight == 4


def test_a_fifth_of_the_requests_may_fail_and_no_sample_is_lost(stub: Stub) -> None:
    drawn = random.Random(7)
    stub.chance = lambda: drawn.choice(FAULTS) if drawn.random() < 0.2 else None
    limits = Limits(timeout=60.0, first_pause=0.005, longest_pause=0.05)
    kept = ask(stub, 2000, workers=64, slots=64, limits=limits)
    assert sorted(output.sample_id for _, output in kept) == sorted(f"s{i}" for i in range(2000))
    assert {output.error for _, output in kept} == {None}
    assert {output.text for _, output in kept} == {"shipping"}
    requests = len(stub.posts("/v1/chat/completions"))
    assert sum(output.attempts for _, output in kept) == requests
    assert requests <= 1.35 * 2000


def test_a_server_with_less_room_than_declared_is_not_flooded(stub: Stub) -> None:
    stub.room, stub.delay = 8, 0.02
    kept = ask(stub, 600, workers=64, slots=64, limits=Limits(timeout=60.0, first_pause=0.02, longest_pause=0.2))
    assert {output.error for _, output in kept} == {None}
    assert len({output.sample_id for _, output in kept}) == 600
    assert stub.turned_away <= 0.2 * 600, "56 at the start are inevitable"
    assert stub.most_in_flight == 8


def test_all_the_room_is_used_again_when_it_is_there(stub: Stub) -> None:
    stub.room, stub.delay = 1, 0.005

    def growing() -> Iterator[Question]:
        for number in range(400):
            if number == 40:
                stub.room, stub.most_in_flight = None, 0
            yield question(number)

    assert len(ask(stub, growing(), workers=16, slots=16)) == 400
    assert stub.most_in_flight == 16


def test_a_measurement_keeps_the_concurrency_it_declared(stub: Stub) -> None:
    stub.room, stub.delay = 2, 0.02
    kept = ask(stub, 200, workers=4, limits=Limits(timeout=60.0, attempts=1, patience=0.0))
    failed = [output for _, output in kept if output.error is not None]
    assert len(failed) == stub.turned_away > 40
    assert all((output.latency, output.attempts) == (None, 1) for output in failed)
    assert len(stub.posts("/v1/chat/completions")) == 200


def test_a_repeat_is_said_in_its_output(stub: Stub) -> None:
    kept = ask(stub, [question(1, repeat) for repeat in range(3)], workers=1)
    assert [output.repeat for _, output in kept] == [0, 1, 2]
    stub.always = 422
    assert ask(stub, [question(1, 2)])[0][1].repeat == 2


def test_questions_are_made_as_they_are_needed(stub: Stub) -> None:
    made = 0

    def lazy() -> Iterator[Question]:
        nonlocal made
        for made in range(1, 31):
            assert made <= stub.answered + 4 + 1, "no more than the workers hold"
            yield question(made)

    assert len(ask(stub, lazy())) == made == 30


def test_an_interruption_is_heard_between_questions_that_take_long(stub: Stub) -> None:
    """A cache that answers everything yields nothing but pauses: without them the loop would never turn."""

    def endless() -> Iterator[Question | None]:
        while True:
            yield None

    async def main() -> None:
        async with TgiClient(stub.url, None, 4, QUICK) as client:
            await asyncio.wait_for(ask_all(client, endless(), 4, lambda *_: None), 0.2)

    with pytest.raises(TimeoutError):
        asyncio.run(main())


def test_pauses_lose_no_question(stub: Stub) -> None:
    mixed = [one for i in range(20) for one in (None, question(i), None)]
    assert sorted(output.sample_id for _, output in ask(stub, mixed)) == sorted(f"s{i}" for i in range(20))


def test_one_bad_sample_is_one_error_and_the_rest_are_answered(stub: Stub) -> None:
    stub.refused = lambda text: 422 if text.startswith("7 ") else None
    outputs = {output.sample_id: output for _, output in ask(stub, 12)}
    assert len(outputs) == 12
    assert [name for name, output in outputs.items() if output.error] == ["s7"]


def test_a_burst_of_failures_asks_once_whether_the_server_is_there(stub: Stub) -> None:
    stub.always, stub.health_delay = 404, 0.2
    assert len(ask(stub, 32, workers=32, slots=32)) == 32
    assert sum(path == "/health" for path, _, _ in stub.asked) == 1


def test_a_server_that_dies_ends_the_asking_and_leaves_no_errors_behind(stub: Stub) -> None:
    stub.dies_after = 10
    kept: list[Output] = []

    async def main() -> None:
        async with TgiClient(stub.url, None, 4, QUICK) as client:
            await ask_all(client, map(question, range(40)), 2, lambda asked, output: kept.append(output))

    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(main())
    assert raised.group_contains(OutsideError, match="is gone")
    assert len(kept) == stub.answered
    assert all(output.error is None for output in kept)


class _Deaf:
    """A client whose requests end in the very moment of an interruption: as failures, and the cancellation is lost."""

    def __init__(self) -> None:
        self.asked = 0

    async def chat(self, sample_id: str, *_: object) -> Output:
        self.asked += 1
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        return Output(sample_id, None, error="the request timed out after 1 s")

    async def alive(self) -> bool:
        return True


def test_an_interruption_that_a_request_swallows_is_heard_all_the_same() -> None:
    """Requests that time out in that moment: the interruption, and no error of ours."""
    client = _Deaf()

    async def main() -> None:
        asked = asyncio.create_task(ask_all(cast(Client, client), map(question, range(100)), 4, lambda *_: None))
        await asyncio.sleep(0.05)
        asked.cancel()
        await asked

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    assert client.asked == 4


def test_ctrl_c_ends_it_at_once(stub: Stub) -> None:
    """A process of its own, all of its requests and pauses under way."""
    stub.delay = 600.0
    stub.faults.extend([503] * 8)
    stub.retry_after = "60"
    code = (
        "import asyncio, sys\n"
        "from harness.client.tgi import TgiClient\n"
        "from harness.client.ask import ask_all\n"
        "from tests.client.test_ask import question\n"
        "async def main():\n"
        f"    async with TgiClient({stub.url!r}, None, 32) as client:\n"
        "        await ask_all(client, map(question, range(100)), 32, lambda asked, output: None)\n"
        "asyncio.run(main())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE)
    until(lambda: stub.in_flight and not stub.faults)  # what was refused pauses
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - began < 50, "answers take 600 s here, and pauses 60 s"
    assert b"KeyboardInterrupt" in said
