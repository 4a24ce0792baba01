"""What another attempt may mend is tried again, and nothing else; bounded in time; the key is never shown."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from harness.client.interface import Limits
from harness.client.tgi import TgiClient
from harness.core.errors import ConfigError, OutsideError
from harness.core.samples import Output
from harness.core.suites import Generation
from tests.client.asking import KEY, ONCE, QUICK, chat, use
from tests.tgi_stub import Stub


@pytest.mark.parametrize("fault", [408, 424, 429, 500, 502, 503, 504, "reset", "truncated", "empty"])
def test_what_may_pass_is_tried_again(stub: Stub, fault: int | str) -> None:
    stub.faults.extend([fault] * 3)
    output = chat(stub)
    assert output.text == "shipping"
    assert output.attempts == len(stub.asked) == 4


@pytest.mark.parametrize("fault", [500, "reset", "truncated"])
def test_attempts_are_bounded_and_the_error_is_no_text(stub: Stub, fault: int | str) -> None:
    stub.always = fault
    output = chat(stub)
    assert (output.text, output.latency) == (None, None)
    assert "(4 attempts)" in str(output.error)
    assert output.attempts == len(stub.asked) == 4


@pytest.mark.parametrize("status", [429, 503])
def test_a_full_server_is_asked_again_until_patience_is_over(stub: Stub, status: int) -> None:
    stub.always = status
    output = chat(stub, limits=replace(QUICK, attempts=2, patience=0.5))
    assert f"HTTP {status}" in str(output.error)
    assert output.attempts == len(stub.asked) > 2


@pytest.mark.parametrize("fault", [429, 503, 500, 408, "reset", "truncated", "hang"])
def test_one_attempt_is_one_request_and_its_failure_has_no_time(stub: Stub, fault: int | str) -> None:
    stub.always, stub.retry_after = fault, "1"
    output = chat(stub, limits=replace(ONCE, timeout=2.0 if fault == "hang" else 60.0))
    assert output.error is not None
    assert "attempts" not in output.error
    assert (output.text, output.latency, output.attempts, len(stub.asked)) == (None, None, 1, 1)


def test_the_time_of_an_answer_is_that_of_its_own_attempt(stub: Stub) -> None:
    stub.faults.extend([503, "reset"])
    stub.retry_after, stub.delay = "2", 0.05
    output = chat(stub)
    assert output.attempts == 3
    assert output.latency is not None
    assert 0.05 <= output.latency < 2


def test_the_server_is_left_alone_as_long_as_it_asks(stub: Stub) -> None:
    stub.faults.append(503)
    stub.retry_after = "0.4"
    began = time.monotonic()
    assert chat(stub).text == "shipping"
    assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize("asked", ["3600", "Fri, 31 Dec 2027 23:59:59 GMT", "nan", "-5"])
def test_what_it_asks_for_is_bounded(stub: Stub, asked: str) -> None:
    stub.faults.append(503)
    stub.retry_after = asked
    began = time.monotonic()
    assert chat(stub, limits=replace(QUICK, patience=0.5)).text == "shipping"
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_a_refused_request_is_not_repeated(stub: Stub, status: int) -> None:
    stub.always = status
    output = chat(stub)
    assert output.text is None
    assert f"HTTP {status}" in str(output.error)
    assert "told to fail" in str(output.error)
    assert len(stub.asked) == 1


def test_a_hanging_server_is_given_up_in_time(stub: Stub) -> None:
    stub.always = "hang"
    output = chat(stub, limits=Limits(timeout=0.1, attempts=2, first_pause=0.01))
    assert "timed out after 0.1" in str(output.error)
    assert output.attempts == 2


def test_after_the_deadline_nothing_is_sent(stub: Stub) -> None:
    for call in (lambda client: client.tokenize("a"), lambda client: client.alive(), lambda client: client.info()):
        with pytest.raises(OutsideError, match=r"deadline of the run is over.*the same command goes on"):
            use(stub, call, replace(QUICK, deadline=time.monotonic() - 1))
    assert stub.asked == []


@pytest.mark.parametrize("limits", [QUICK, ONCE])
def test_the_deadline_ends_a_request_and_its_failure_is_no_answer(stub: Stub, limits: Limits) -> None:
    stub.always = "hang"
    began = time.monotonic()
    with pytest.raises(OutsideError, match="deadline"):
        chat(stub, limits=replace(limits, timeout=600.0, deadline=began + 0.3))
    assert time.monotonic() - began < 25, "the server hangs for 30 s"


def test_the_deadline_ends_a_pause(stub: Stub) -> None:
    stub.always, stub.retry_after = 503, "60"
    began = time.monotonic()
    with pytest.raises(OutsideError, match="deadline"):
        chat(stub, limits=replace(QUICK, patience=120.0, deadline=began + 2.0))
    assert time.monotonic() - began < 50, "the pause takes 60 s"
    assert len(stub.asked) == 1


def test_another_address_is_not_followed_with_the_key(stub: Stub) -> None:
    stub.always = 307
    output = chat(stub, key=KEY)
    assert "another address" in str(output.error)
    assert len(stub.asked) == 1


def test_a_wrong_key_ends_everything_at_once_and_is_not_shown(stub: Stub) -> None:
    stub.key = "another"
    with pytest.raises(OutsideError, match=r"refuses the key \(HTTP 401\).*key_env") as raised:
        chat(stub, key=KEY)
    assert KEY not in str(raised.value)
    assert len(stub.asked) == 1


def test_the_key_is_sent_and_never_comes_back_in_an_error(stub: Stub) -> None:
    stub.key, stub.always, stub.error_text = KEY, 422, f"Bearer {KEY} is bad"
    output = chat(stub, key=KEY)
    assert stub.asked[0][2] == f"Bearer {KEY}"
    assert "is bad" in str(output.error)
    assert KEY not in repr(output)
    client = TgiClient(stub.url, KEY)
    assert KEY not in repr(client) + repr(client._http)


@pytest.mark.parametrize("key", [KEY + "\n", "schlüssel"])
def test_a_key_that_no_header_can_hold_is_said_without_showing_it(stub: Stub, key: str) -> None:
    with pytest.raises(ConfigError, match="line break") as raised:
        chat(stub, key=key)
    assert key.strip() not in str(raised.value)


def test_a_missing_key_is_told_from_a_wrong_one(stub: Stub) -> None:
    stub.key = KEY
    with pytest.raises(OutsideError, match=r"wants a key \(HTTP 401\)"):
        chat(stub)


def test_a_server_that_speaks_no_http_shows_no_key() -> None:
    async def main() -> str:
        async def garble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"not http: " + await reader.readuntil(b"\r\n\r\n"))
            writer.close()

        async with await asyncio.start_server(garble, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with TgiClient(f"http://127.0.0.1:{port}", KEY, limits=ONCE) as client:
                output = await client.chat("s", [{"role": "user", "content": "x"}], Generation(), None)
        return str(output.error)

    error = asyncio.run(main())
    assert error
    assert KEY not in error


def test_text_that_json_cannot_hold_is_an_error_of_its_sample(stub: Stub) -> None:
    async def call(client: TgiClient) -> Output:
        return await client.chat("s1", [{"role": "user", "content": "\ud83d"}], Generation(), None)

    output = use(stub, call)
    assert "no form in JSON" in str(output.error)
    assert stub.asked == []
