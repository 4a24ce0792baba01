"""The router over real sockets: who answers, what is passed on, and what happens where a server fails."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from harness.router.inbound import Inbound
from harness.router.table import OPENAI, Routes, Target
from harness.router.wire import Request, passed_back
from tests.router.asking import ROUTE, Front, front
from tests.router.backend import Backend, backend
from tests.waiting import until


@pytest.fixture
def a() -> Iterator[Backend]:
    with backend("a") as found:
        yield found


@pytest.fixture
def b() -> Iterator[Backend]:
    with backend("b") as found:
        yield found


@pytest.fixture
def both(a: Backend, b: Backend, tmp_path: Path) -> Iterator[Front]:
    """v2 on a, and v1 on b stands in."""
    with front(tmp_path, Routes(Target("v2", (a.url,), "two"), fallback=(Target("v1", (b.url,), "one"),))) as found:
        yield found


def test_the_version_in_production_answers_whatever_the_client_names(both: Front) -> None:
    for told in (both.generate("hello"), both.chat("hello")):
        assert (told.status, told.text, told.version) == (200, "a/two", "v2")
    assert both.ask("POST", "/generate", {"inputs": "no parameters"}).text == "a/two"


def test_the_base_has_no_adapter(a: Backend, tmp_path: Path) -> None:
    with front(tmp_path, Routes(Target("base", (a.url,)))) as found:
        assert found.generate("hello").text == "a/None"
        assert found.chat("hello").text == "a/tgi"


def test_headers_of_the_server_come_back_and_the_clients_key_goes_no_further(both: Front, a: Backend) -> None:
    told = both.generate("hello", authorization="Bearer own", x_request_id="7", cookie="c")
    assert told.headers["x-prompt-tokens"] == "3"
    headers = a.asked[0][1]
    assert headers["x-request-id"] == "7"
    assert not {"authorization", "cookie"} & headers.keys()


@pytest.mark.parametrize("what", ["500", "503", "424", "close", "garbage", "nojson", "twice"])
def test_where_the_version_fails_the_one_before_answers(both: Front, what: str) -> None:
    told = both.generate(f"{what}@a hello")
    assert (told.status, told.text, told.version) == (200, "b/one", "v1")
    (seen,) = both.seen()
    fault = {"close": "closed", "nojson": "garbage", "twice": "garbage"}.get(what, what)
    assert (seen.side, seen.version, seen.fallback_from, seen.fault) == ("production", "v1", "v2", fault)


def test_where_the_version_hangs_the_one_before_answers(a: Backend, b: Backend, tmp_path: Path) -> None:
    routes = Routes(Target("v2", (a.url,), "two"), fallback=(Target("v1", (b.url,), "one"),))
    with front(tmp_path, routes, timeout=2.0) as found:
        told = found.generate("hang@a hello")
        assert (told.status, told.text, told.version) == (200, "b/one", "v1")
        (seen,) = found.seen()
    assert (seen.side, seen.version, seen.fallback_from, seen.fault) == ("production", "v1", "v2", "timeout")


@pytest.mark.parametrize("what", ["400", "404", "422", "429"])
def test_what_is_the_clients_own_fault_passes_through(both: Front, b: Backend, what: str) -> None:
    told = both.generate(f"{what}@a hello")
    assert (told.status, told.value["who"], told.version) == (int(what), "a", "v2")
    assert not b.asked


def test_a_busy_server_hands_over_to_another_of_the_same_version(a: Backend, b: Backend, tmp_path: Path) -> None:
    with front(
        tmp_path, Routes(Target("v2", (a.url, b.url), "two"), fallback=(Target("v1", (a.url,), "one"),))
    ) as found:
        for what in ("429", "503", "close"):
            assert found.generate(f"{what}@a hello").text == "b/two"
        assert all(seen.fault is None and seen.fallback_from is None for seen in found.seen())


def test_where_all_fail_the_client_hears_what_the_version_said(a: Backend, tmp_path: Path) -> None:
    with front(tmp_path, Routes(Target("v2", (a.url,), "two")), eject=100) as found:
        assert found.generate("500@a").status == 500
        assert found.generate("close@a").status == 502
        assert "error_type" in found.generate("close@a").value
    with front(tmp_path, Routes(Target("v2", (a.url,), "two")), timeout=0.5) as found:
        assert found.generate("hang@a").status == 504


def test_a_stream_passes_through_piece_by_piece(both: Front) -> None:
    events = both.generate("hello", "/generate_stream").events
    assert [event["token"]["text"] for event in events] == ["a", "b", "c", ""]
    assert events[-1]["generated_text"] == "a/two"
    assert both.chat("hello", stream=True).events[-1] == "[DONE]"
    first, second = both.seen()
    assert (first.streamed, first.chars, first.generated_tokens, first.finish_reason) == (True, 5, 4, "length")
    assert (second.chars, second.prompt_tokens) == (3, 3)
    assert first.first is not None
    assert first.first < first.seconds


@pytest.mark.parametrize("what", ["cut", "hangup"])
def test_a_cut_stream_ends_in_an_error_event_of_the_api(both: Front, b: Backend, what: str) -> None:
    told = both.generate(f"{what}@a", "/generate_stream")
    assert told.version == "v2"
    assert told.events[0]["token"]["text"] == "a"
    assert told.events[-1]["error_type"] == "incomplete_generation"
    assert "message" in both.chat(f"{what}@a", stream=True).events[-1]["error"]
    assert not b.asked
    assert [seen.fault for seen in both.seen()] == ["cut", "cut"]


@pytest.mark.parametrize("what", ["failed", "500", "close"])
def test_a_stream_that_has_not_begun_is_given_by_the_one_before(both: Front, what: str) -> None:
    assert both.generate(f"{what}@a", "/generate_stream").events[-1]["generated_text"] == "b/one"


def test_a_client_that_goes_ends_the_servers_work(both: Front, a: Backend) -> None:
    body = json.dumps({"inputs": "hang@a", "parameters": {}}).encode()
    with socket.create_connection(("127.0.0.1", both.port)) as connection:
        connection.sendall(b"POST /generate HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        until(lambda: bool(a.asked))
    until(lambda: a.gone == 1)
    until(lambda: [seen.status for seen in both.seen()] == [499])
    (seen,) = both.seen()
    assert (seen.version, seen.fallback_from, seen.fault) == ("", "v2", None)  # whom it waited for in vain
    assert both.router.router.counts.as_json()["fallbacks"] == 0


def test_a_route_that_a_server_does_not_have_tells_nothing_of_its_health(tmp_path: Path) -> None:
    url = "http://127.0.0.1:9/v1"
    with front(tmp_path, Routes(Target("v2", (url,), "two", OPENAI))) as found:
        assert [found.chat("hello").status for _ in range(2)] == [502, 502]
        assert found.generate("hello").status == 404
        assert found.router.router.health.states[url].failures == 2


class _Stranger:
    """A client of another machine; it keeps what it is told."""

    peer = "192.0.2.7"

    def __init__(self) -> None:
        self.told = b""

    def write(self, data: bytes) -> None:
        self.told += data


def test_only_this_machine_is_told_the_routers_status(both: Front) -> None:
    assert both.ask("GET", "/router/status").status == 200
    for path, status in (("/router/status", b"404"), ("/health", b"200")):
        stranger = _Stranger()
        asyncio.run(both.router.router.answer(Request("GET", path), cast(Inbound, stranger)))
        assert stranger.told.startswith(b"HTTP/1.1 " + status)
        assert b"servers" not in stranger.told


def test_a_server_does_not_tell_which_version_answered() -> None:
    told = passed_back([(b"x-harness-version", b"v9"), (b"x-prompt-tokens", b"3"), (b"set-cookie", b"c")])
    assert told == [(b"x-prompt-tokens", b"3")]


def test_a_server_that_fails_in_a_row_rests_and_comes_back(a: Backend, b: Backend, tmp_path: Path) -> None:
    routes = Routes(Target("v2", (a.url,), "two"), fallback=(Target("v1", (b.url,), "one"),))
    now = [0.0]
    with front(tmp_path, routes) as found:
        found.router.router.health.clock = lambda: now[0]
        for _ in range(3):
            found.generate("500@a")
        asked = len(a.asked)
        assert found.generate("hello").text == "b/one"
        assert len(a.asked) == asked
        assert found.seen()[-1].fault == "resting"
        now[0] += ROUTE.rest
        assert found.generate("500@a").text == "b/one"
        assert found.generate("hello").text == "b/one"
        now[0] += ROUTE.rest
        assert [found.generate("hello").text for _ in range(3)] == ["a/two"] * 3


def test_an_unhealthy_server_gets_nothing(both: Front, a: Backend) -> None:
    assert both.ask("GET", "/health").status == 200
    a.healthy = False
    until(lambda: both.generate("hello").text == "b/one")
    assert both.ask("GET", "/health").status == 503
    a.healthy = True
    until(lambda: both.generate("hello").text == "a/two")


def test_a_canary_gets_its_share_and_each_user_one_side(a: Backend, b: Backend, tmp_path: Path) -> None:
    routes = Routes(Target("v1", (a.url,), "one"), Target("v2", (b.url,), "two"), 0.3)
    with front(tmp_path, routes, sticky="X-User-Id") as found:
        sides = [[found.generate("hi", x_user_id=f"u{user}").version for _ in range(2)] for user in range(60)]
        assert all(first == second for first, second in sides)
        assert 8 <= sum(first == "v2" for first, _ in sides) <= 30
        assert {seen.side for seen in found.seen()} == {"canary", "production"}


def test_where_the_canary_fails_production_stands_in(a: Backend, b: Backend, tmp_path: Path) -> None:
    one = Target("v1", (a.url,), "one")
    with front(tmp_path, Routes(one, Target("v2", (b.url,), "two"), 0.999999, (one,))) as found:
        assert found.generate("500@b").text == "a/one"
        (seen,) = found.seen()
        assert (seen.side, seen.fallback_from, seen.fault) == ("canary", "v2", "500")


def test_after_a_switch_no_request_goes_by_the_old_table(both: Front, b: Backend) -> None:
    with socket.create_connection(("127.0.0.1", both.port)) as connection:
        assert b"a/two" in _ask_on(connection)
        both.router.switch(Routes(Target("v3", (b.url,), "three"), generation=1))
        assert b"b/three" in _ask_on(connection)
    assert both.router.drained()


def test_a_request_under_way_ends_by_its_own_table(a: Backend, b: Backend, tmp_path: Path) -> None:
    with front(tmp_path, Routes(Target("v1", (a.url,), "one"))) as found:
        with socket.create_connection(("127.0.0.1", found.port)) as connection:
            connection.sendall(_request("slow@a"))
            until(lambda: bool(a.asked))
            found.router.switch(Routes(Target("v2", (b.url,), "two"), generation=1))
            assert not found.router.drained()
            assert b"a/one" in connection.recv(65536)
        until(found.router.drained)


def test_the_end_waits_for_the_requests_under_way(a: Backend, tmp_path: Path) -> None:
    with socket.socket() as connection:
        with front(tmp_path, Routes(Target("v1", (a.url,), "one"))) as found:
            connection.connect(("127.0.0.1", found.port))
            connection.sendall(_request("slow@a"))
            until(lambda: bool(a.asked))
        assert b"a/one" in connection.recv(65536)


def test_without_the_key_nothing_is_answered(a: Backend, tmp_path: Path) -> None:
    with front(tmp_path, Routes(Target("v1", (a.url,), "one")), key="secret") as found:
        assert found.generate("hi").status == 401
        assert found.generate("hi", authorization="Bearer secreT").status == 401
        assert found.ask("GET", "/router/status").status == 401
        assert found.ask("GET", "/health").status == 200
        assert found.generate("hi", authorization="Bearer secret").status == 200
        assert len(a.asked) == 1


def test_the_router_speaks_for_itself(both: Front) -> None:
    both.generate("500@a")
    status = both.ask("GET", "/router/status").value
    assert (status["production"], status["fallback"], status["fallbacks"]) == ("v2", ["v1"], 1)
    metrics = both.ask("GET", "/metrics").body.decode()
    assert 'harness_router_requests_total{version="v1",side="production",status="200"} 1' in metrics
    assert 'harness_router_fallbacks_total{from="v2",to="v1",fault="500"} 1' in metrics
    assert [row["id"] for row in both.ask("GET", "/v1/models").value["data"]] == ["v2"]
    assert both.ask("GET", "/info").value == {"model": "st"}


def test_texts_are_of_the_wanted_form_or_not(a: Backend, tmp_path: Path) -> None:
    with front(tmp_path, Routes(Target("v1", (a.url,), "one")), form=lambda text: text == "a/one") as found:
        found.generate("hi")
        found.generate("422@a")
        found.generate("cut@a", "/generate_stream")
        assert [seen.formed for seen in found.seen()] == [True, None, None]


def _request(text: str) -> bytes:
    body = json.dumps({"inputs": text, "parameters": {}}).encode()
    return b"POST /generate HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


def _ask_on(connection: socket.socket) -> bytes:
    connection.sendall(_request("hello"))
    return connection.recv(65536)
