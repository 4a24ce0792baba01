"""What no honest client sends: the router says no, or nothing worse, and the next client is served."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.router import inbound
from harness.router.table import Routes, Target
from harness.router.wire import BODY_LIMIT
from tests.router.asking import Front, front
from tests.router.backend import Backend, backend
from tests.waiting import until


@pytest.fixture
def a() -> Iterator[Backend]:
    with backend("a") as found:
        yield found


@pytest.fixture
def router(a: Backend, tmp_path: Path) -> Iterator[Front]:
    with front(tmp_path, Routes(Target("v1", (a.url,), "one"))) as found:
        yield found


BODY = b'{"inputs": "hi", "parameters": {}}'
HEAD = b"POST /generate HTTP/1.1\r\nhost: x\r\n"
SMUGGLED = b"POST /generate HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"
SMUGGLING = {
    "two lengths": HEAD + b"content-length: 34\r\ncontent-length: 0\r\n\r\n" + BODY,
    "length and chunks": HEAD
    + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n22\r\n"
    + BODY
    + b"\r\n0\r\n\r\n",
    "chunks before something": HEAD + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a length with a sign": HEAD + b"content-length: +34\r\n\r\n" + BODY,
    "a space before the colon": HEAD + b"content-length : 34\r\n\r\n" + BODY,
    "a folded header": HEAD + b"x-a: b\r\n c: d\r\ncontent-length: 34\r\n\r\n" + BODY,
    "a bare carriage return": HEAD + b"x-a: b\rcontent-length: 0\r\ncontent-length: 34\r\n\r\n" + BODY,
    "a zero byte": HEAD + b"x-a: b\x00c\r\ncontent-length: 34\r\n\r\n" + BODY,
    "a chunk's size that is none": HEAD + b"transfer-encoding: chunked\r\n\r\n0x22\r\n" + BODY + b"\r\n0\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.mark.parametrize("name", SMUGGLING)
def test_a_request_that_can_be_read_in_two_ways_is_refused(router: Front, a: Backend, name: str) -> None:
    reply = router.raw(SMUGGLING[name])
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert reply.count(b"HTTP/1.1 4") == 1
    assert b"connection: close" in reply
    assert not a.asked
    assert router.generate("hello").status == 200


def test_what_the_client_hides_in_its_headers_and_keys_goes_no_further(router: Front, a: Backend) -> None:
    body = b'{"inputs": "hi", "parameters": {"adapter_id": "x"}, "parameters": {"adapter_id": "y", "adapter_id": "z"}}'
    told = router.ask("POST", "/generate?adapter_id=q", body, x_harness_version="v9", transfer="no")
    assert (told.text, told.version) == ("a/one", "v1")
    path, headers, asked = a.asked[0]
    assert (path, asked["parameters"]) == ("/generate", {"adapter_id": "one"})
    assert "x-harness-version" not in headers


def test_chunks_of_a_client_arrive_as_one_body(router: Front, a: Backend) -> None:
    data = (
        HEAD + b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n10\r\n" + BODY[:16] + b"\r\n12\r\n" + BODY[16:]
    )
    reply = router.raw(data + b"\r\n0\r\n\r\n")
    assert b"a/one" in reply
    assert a.asked[0][1]["content-length"] == str(len(json.dumps(a.asked[0][2], separators=(",", ":"))))


@pytest.mark.parametrize("declared", [True, False])
def test_a_huge_body_is_refused_and_not_kept(router: Front, a: Backend, declared: bool) -> None:
    length = b"content-length: %d\r\n\r\n" % (BODY_LIMIT + 1) if declared else b"transfer-encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", router.port), timeout=60) as connection:
        connection.sendall(HEAD + length)
        if not declared:
            for _ in range(17):
                connection.sendall(b"100000\r\n" + bytes(1 << 20) + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
    assert not a.asked


def test_a_large_body_with_an_expectation_passes(router: Front, a: Backend) -> None:
    body = json.dumps({"inputs": "x" * (8 << 20), "parameters": {}}).encode()
    head = HEAD + b"expect: 100-continue\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
    with socket.create_connection(("127.0.0.1", router.port), timeout=60) as connection:
        connection.sendall(head)
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert b"a/one" in connection.recv(65536)


def test_an_endless_head_is_refused(router: Front) -> None:
    assert router.raw(HEAD + b"x: " + b"y" * 600_000).startswith(b"HTTP/1.1 431 ")
    assert router.raw(b"GET /" + b"y" * 600_000).startswith(b"HTTP/1.1 431 ")


def test_an_upgrade_is_refused(router: Front) -> None:
    reply = router.raw(b"GET /info HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
    assert b"HTTP/1.1 400 " in reply


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b'{"inputs": "x", "parameters": null}', b"\xff"])
def test_a_body_that_names_no_request_is_refused(router: Front, a: Backend, body: bytes) -> None:
    told = router.ask("POST", "/generate", body)
    assert (told.status, told.value["error_type"]) == (422, "validation")
    assert not a.asked


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/nothing", 404), ("POST", "/nothing", 404), ("POST", "/generate/../router/status", 404),
    ("GET", "/generate", 404), ("DELETE", "/generate", 405), ("POST", "/info", 405), ("OPTIONS", "/", 405),
    ("HEAD", "/health", 200), ("HEAD", "/info", 200), ("HEAD", "/nothing", 404),
])  # fmt: skip
def test_other_routes_and_methods(router: Front, method: str, path: str, status: int) -> None:
    told = router.ask(method, path)
    assert told.status == status
    assert not (method == "HEAD" and told.body)


def test_requests_sent_ahead_are_answered_in_turn(router: Front) -> None:
    one = HEAD + b"content-length: %d\r\n\r\n" % len(BODY) + BODY
    last = HEAD + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY
    slow = BODY.replace(b'"hi"', b'"slow@a"')
    first = HEAD + b"content-length: %d\r\n\r\n" % len(slow) + slow
    reply = router.raw(first + one * 5 + last)
    assert len(re.findall(rb"HTTP/1.1 200 ", reply)) == 7


def test_an_old_client_gets_no_chunks(router: Front) -> None:
    data = BODY.replace(b"{}", b'{"adapter_id": "x"}')
    reply = router.raw(b"POST /generate_stream HTTP/1.0\r\ncontent-length: %d\r\n\r\n" % len(data) + data)
    assert b"transfer-encoding" not in reply
    assert reply.endswith(b"\n\n")


def test_a_client_that_sends_too_slowly_is_told(router: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "READING_SECONDS", 0.1)
    with socket.create_connection(("127.0.0.1", router.port), timeout=60) as connection:
        connection.sendall(HEAD)
        assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")


def test_a_client_that_reads_nothing_is_cut_off(a: Backend, tmp_path: Path) -> None:
    with front(tmp_path, Routes(Target("v1", (a.url,), "one")), timeout=0.5) as found:
        body = json.dumps({"inputs": "endless@a", "parameters": {}}).encode()
        with socket.create_connection(("127.0.0.1", found.port)) as connection:
            connection.sendall(b"POST /generate_stream HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body))
            connection.sendall(body)
            until(found.seen, every=0.1)


def test_a_thousand_idle_connections_hinder_nobody(router: Front) -> None:
    idle = [socket.create_connection(("127.0.0.1", router.port), timeout=60) for _ in range(1_000)]
    try:
        assert router.generate("hello").status == 200
        assert len(router.router.router.clients) >= 1_000
        idle[500].sendall(HEAD + b"content-length: %d\r\n\r\n" % len(BODY) + BODY)
        assert b"a/one" in idle[500].recv(65536)
    finally:
        for connection in idle:
            connection.close()
