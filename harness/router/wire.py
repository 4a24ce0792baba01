"""Requests and replies as bytes. Every head is written anew, so nothing that a client hides in one goes further."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import orjson

Headers = list[tuple[bytes, bytes]]

HEAD_LIMIT = 64 << 10
BODY_LIMIT = 16 << 20
EVENTS = b"text/event-stream"
JSON = b"application/json"
LAST_CHUNK = b"0\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# Of the client's headers these go on to the server; its own key does not.
_PASSED_ON = (b"accept", b"traceparent", b"tracestate", b"user-agent", b"x-request-id")
# Of a server's these come back, beside its own x-… (times and token counts).
_PASSED_BACK = (b"retry-after", b"cache-control")
_STATUS = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request. `path` is without its query; names of headers are in lower case.

    `keep_alive`: the client may send another one on this connection. `chunks`: it understands chunked replies.
    """

    method: str
    path: str
    headers: Mapping[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    keep_alive: bool = True
    chunks: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply. `version` is the name of the version that gave it ("": the router itself)."""

    status: int
    body: bytes = b""
    kind: bytes = JSON
    headers: Headers = field(default_factory=list)
    version: str = ""

    def encoded(self, request: Request | None) -> bytes:
        """The bytes that answer a request; without one the connection ends with them."""
        length = f"content-length: {len(self.body)}\r\n".encode()
        head = reply_head(self.status, self.kind, self.version, self.headers, length, request)
        return head if request and request.method == "HEAD" else head + self.body


def error(status: int, message: str, kind: str = "router") -> Reply:
    """An error in TGI's form."""
    return Reply(status, orjson.dumps({"error": message, "error_type": kind}))


def reply_head(
    status: int, kind: bytes, version: str, headers: Headers, length: bytes, request: Request | None
) -> bytes:
    """The head of a reply; `length` is the header line that tells where its body ends."""
    first = _STATUS.get(status) or f"HTTP/1.1 {status} -\r\n".encode()
    named = b"x-harness-version: %s\r\n" % version.encode() if version else b""
    end = b"\r\n" if request and request.keep_alive else b"connection: close\r\n\r\n"
    lines = b"".join(b"%s: %s\r\n" % line for line in headers)
    return b"%scontent-type: %s\r\n%s%s%s%s" % (first, kind, named, lines, length, end)


def event_head(version: str, headers: Headers, request: Request) -> bytes:
    """The head of a stream of events."""
    return reply_head(
        200, EVENTS, version, headers, b"transfer-encoding: chunked\r\n" if request.chunks else b"", request
    )


def chunk(data: bytes, request: Request) -> bytes:
    """A piece of a stream."""
    return b"%x\r\n%s\r\n" % (len(data), data) if request.chunks else data


def passed_back(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """What a client sees of a server's headers, besides the type of the content."""
    return [
        (name, value)
        for name, value in headers
        if (name.startswith(b"x-") and not name.startswith(b"x-harness-")) or name in _PASSED_BACK
    ]


def request_bytes(path: str, host: str, key: str | None, asked: Request, body: bytes) -> bytes:
    """A request to a server, with a head of our own."""
    method = "POST" if asked.method == "POST" else "GET"  # a HEAD is answered by us, from what GET gives
    lines = [f"{method} {path} HTTP/1.1\r\nhost: {host}\r\n".encode()]
    lines += [b"%s: %s\r\n" % (name, asked.headers[name]) for name in _PASSED_ON if name in asked.headers]
    if key:
        lines.append(f"authorization: Bearer {key}\r\n".encode())
    if method == "POST":
        lines.append(b"content-type: application/json\r\ncontent-length: %d\r\n" % len(body))
    return b"".join((*lines, b"\r\n", body))
