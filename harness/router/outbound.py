"""Connections to the servers: kept alive, one request at a time on each."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from urllib.parse import urlsplit

import httptools

from harness.router.wire import Headers, Reply

CONNECT_SECONDS = 5.0
REPLY_LIMIT = 64 << 20
_READ_AHEAD = 256 << 10  # bytes of a stream that wait for a slow client


class ServerFailed(Exception):
    """A server gave no whole answer. `kind` is connect, closed, timeout, garbage, or the HTTP status of `reply`.

    `stale`: an idle connection that the server had closed in the meantime, which says nothing about the server.
    """

    def __init__(self, kind: str, message: str, reply: Reply | None = None, stale: bool = False) -> None:
        super().__init__(message)
        self.kind, self.message, self.reply, self.stale = kind, message, reply, stale


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens. `host` is the header's value; `prefix` stands before every path."""

    name: str
    port: int
    tls: bool
    host: str
    prefix: str


@lru_cache(maxsize=256)
def address_of(url: str) -> Address:
    """The parts of a server's URL. Raises ValueError."""
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"'{url}' is no URL of a server")
    host = parts.netloc.rpartition("@")[2]
    return Address(parts.hostname, parts.port or (443 if tls else 80), tls, host, parts.path.rstrip("/"))


class Outbound(asyncio.Protocol):
    """One connection to one server."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._paused = self._keep = self._spoiled = self.used = self.lost = False
        self._reset()

    def _reset(self) -> None:
        self.status = 0
        self.headers: Headers = []
        self._pieces: list[bytes] = []
        self._size = 0
        self._failure: ServerFailed | None = None
        self._begun = self._head = self.done = self._skip = False

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass

    def connection_lost(self, _: Exception | None) -> None:
        self.lost = True
        if self._head and not self.done and not self._is_framed():
            self.done = True  # the end of the connection is the end of the reply
        if not self.done:
            stale = self.used and not self._begun
            self._fail(ServerFailed("closed", "the server closed the connection", stale=stale))
        self._wake()

    def data_received(self, data: bytes) -> None:
        self._begun = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(ServerFailed("garbage", "the server's answer is not well-formed HTTP"))
            self._transport.abort()
        self._wake()

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self.done:  # a reply that nobody asked for; it must not be taken for that to the next request
            self._spoiled = True
            self._fail(ServerFailed("garbage", "the server sent more than one answer"))
            self._transport.abort()
        else:
            self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._spoiled:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self._spoiled:
            return
        self._skip = self._parser.get_status_code() < 200
        if not self._skip:
            self.status, self._head = self._parser.get_status_code(), True

    def on_body(self, body: bytes) -> None:
        if self._spoiled:
            return
        self._pieces.append(body)
        self._size += len(body)
        if self._size > _READ_AHEAD and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        self.done = not self._skip
        self._keep = self._parser.should_keep_alive()

    # What the router calls.

    def send(self, data: bytes) -> None:
        """Begin a request; its reply is read by `head`, then `piece` or `rest`."""
        self._reset()
        self._transport.write(data)

    async def head(self, seconds: float) -> None:
        """Wait for `status` and `headers`. Raises ServerFailed."""
        while not self._head:
            await self._changed(seconds)

    async def piece(self, seconds: float) -> bytes:
        """The next bytes of the body; none at its end. Raises ServerFailed."""
        if self._spoiled and self._failure:
            raise self._failure
        while not self._pieces:
            if self.done:
                return b""
            await self._changed(seconds)
        found = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces, self._size = [], 0
        if self._paused:
            self._paused = False
            if not self.lost:
                self._transport.resume_reading()
        return found

    async def rest(self, seconds: float) -> bytes:
        """The whole body. Raises ServerFailed where it is cut, or larger than any answer."""
        found: list[bytes] = []
        size = 0
        while data := await self.piece(seconds):
            found.append(data)
            size += len(data)
            if size > REPLY_LIMIT:
                raise ServerFailed("garbage", f"the server's answer is larger than {REPLY_LIMIT} bytes")
        return found[0] if len(found) == 1 else b"".join(found)

    @property
    def is_reusable(self) -> bool:
        """Whether another request may be sent."""
        return self.done and not self.lost and not self._failure and self._keep

    def close(self) -> None:
        """End the connection, and with it what the server still does for us."""
        self._transport.abort()

    def _is_framed(self) -> bool:
        return any(name in (b"content-length", b"transfer-encoding") for name, _ in self.headers)

    def _fail(self, failure: ServerFailed) -> None:
        self._failure = self._failure or failure

    async def _changed(self, seconds: float) -> None:
        if self._failure:
            raise self._failure
        waiter = self._waiter = self._loop.create_future()
        timer = self._loop.call_later(seconds, self._late, seconds)
        try:
            await waiter
        finally:
            timer.cancel()
        if self._failure and not self._pieces:
            raise self._failure

    def _late(self, seconds: float) -> None:
        self._fail(ServerFailed("timeout", f"the server said nothing for {seconds:g} s"))
        self._wake()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)


class Pool:
    """Idle connections by server."""

    def __init__(self) -> None:
        self._idle: dict[str, list[Outbound]] = {}

    async def take(self, url: str, seconds: float) -> Outbound:
        """A connection to a server. Raises ServerFailed where it takes none."""
        waiting = self._idle.get(url, [])
        while waiting:
            if (found := waiting.pop()).is_reusable:
                return found
        return await connected(url, seconds)

    def give(self, url: str, connection: Outbound) -> None:
        """Keep a connection for the next request, or end it where it is of no more use."""
        if connection.is_reusable:
            connection.used = True
            self._idle.setdefault(url, []).append(connection)
        else:
            connection.close()

    def keep(self, urls: Container[str]) -> None:
        """Close the idle connections to all other servers."""
        for url in [url for url in self._idle if url not in urls]:
            for connection in self._idle.pop(url):
                connection.close()


async def connected(url: str, seconds: float) -> Outbound:
    """A new connection. Raises ServerFailed."""
    address, loop = address_of(url), asyncio.get_running_loop()
    try:
        async with asyncio.timeout(min(seconds, CONNECT_SECONDS)):
            _, connection = await loop.create_connection(Outbound, address.name, address.port, ssl=address.tls or None)
    except TimeoutError:
        raise ServerFailed("connect", f"no connection to {address.host} within the time limit") from None
    except OSError as failure:
        raise ServerFailed("connect", f"no connection to {address.host}: {failure.strerror or failure}") from None
    return connection
