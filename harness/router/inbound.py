"""A client's connection: whole requests in, replies out, one after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import cast

import httptools

from harness.router.wire import BODY_LIMIT, CONTINUE, HEAD_LIMIT, Reply, Request, error

IDLE_SECONDS = 600.0
READING_SECONDS = 60.0
_LINGER_SECONDS = 0.5  # so long the client may read why it was refused while it still sends

Answer = Callable[[Request, "Inbound"], Awaitable[None]]


class Inbound(asyncio.Protocol):
    """One client. `answer` is given each request in turn, and is cancelled where the client goes."""

    def __init__(self, answer: Answer, known: set[Inbound]) -> None:
        self._answer, self._known = answer, known
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Request] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._busy = self._closing = self._deaf = self._paused = False
        self._refusal: Reply | None = None
        self._body: list[bytes] = []
        self._begin()
        self._reading = self._in_head = False

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass
        self._known.add(self)
        self._task = self._loop.create_task(self._serve())
        self._task.add_done_callback(self._ended)

    def connection_lost(self, _: Exception | None) -> None:
        self._known.discard(self)
        self.resume_writing()
        self._task.cancel()

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._arrived = len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refusal = error(400, "this address speaks HTTP/1.1 and upgrades to nothing else")
        except httptools.HttpParserError:
            self._refusal = self._refusal or error(400, "the request is not well-formed HTTP/1.1")
        self._head_bytes += len(data) if self._in_head else 0
        if self._head_bytes > HEAD_LIMIT:
            self._refusal = error(431, f"the head of the request is longer than {HEAD_LIMIT} bytes")
        if self._refusal:
            self._deaf = True
            self._wake_up()

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # What the parser calls.

    def on_message_begin(self) -> None:
        self._begin()
        self._head_bytes = -self._arrived  # what comes with it may be the end of the request before

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._in_head = False
        length = self._headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > BODY_LIMIT:
            self._refusal = _too_large()
        elif self._headers.get(b"expect", b"").lower() == b"100-continue":
            self._transport.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > BODY_LIMIT:
            self._refusal = _too_large()
            self._body.clear()
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._refusal:
            return
        path = self._url.partition(b"?")[0].decode("latin-1")
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        method, version = self._parser.get_method().decode(), self._parser.get_http_version()
        keep = self._parser.should_keep_alive()
        self._waiting.append(Request(method, path, self._headers, body, keep, version == "1.1"))
        self._reading, self._since = False, self._loop.time()
        self._body = []
        if self._busy:
            self._pause(True)  # the client sends ahead: one request at a time
        self._wake_up()

    # What the router calls.

    @property
    def peer(self) -> str:
        """The client's address."""
        return str((self._transport.get_extra_info("peername") or ("",))[0])

    def write(self, data: bytes) -> None:
        """Send bytes, or keep them until the client takes them."""
        self._transport.write(data)

    async def drained(self, seconds: float) -> None:
        """Wait until the client takes more. One that takes nothing for so long is cut off."""
        if self._writable and not self._transport.is_closing():
            try:
                await asyncio.wait_for(asyncio.shield(self._writable), seconds)
            except TimeoutError:
                self._transport.abort()

    def finish(self) -> None:
        """Take no more requests: close now, or after the answer that is under way."""
        self._closing = True
        if not self._busy and not self._waiting:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def sweep(self, now: float) -> None:
        """Close where a request takes too long to come, or none has come for long."""
        if self._busy or self._waiting:
            return
        if self._reading and now - self._since > READING_SECONDS:
            self._refusal, self._deaf = error(408, "the request took too long to come"), True
            self._wake_up()
        elif now - self._since > IDLE_SECONDS:
            self._transport.close()

    # Ours.

    def _begin(self) -> None:
        self._url, self._headers, self._size = b"", dict[bytes, bytes](), 0
        self._body = []
        self._in_head, self._head_bytes = True, 0
        self._reading, self._since = True, self._loop.time()

    def _pause(self, wanted: bool) -> None:
        if wanted != self._paused and not self._transport.is_closing():
            self._paused = wanted
            (self._transport.pause_reading if wanted else self._transport.resume_reading)()

    def _wake_up(self) -> None:
        if self._wake and not self._wake.done():
            self._wake.set_result(None)

    async def _serve(self) -> None:
        while request := await self._next():
            self._busy = True
            await self._answer(request, self)
            self._busy = False
            if self._closing or not request.keep_alive:
                break
            self._since = self._loop.time()
            self._pause(False)
        if self._refusal:
            self.write(self._refusal.encoded(None))
            await asyncio.sleep(_LINGER_SECONDS)
        self._transport.close()

    async def _next(self) -> Request | None:
        """The next request; None where the client was refused."""
        while not self._waiting:
            if self._refusal:
                return None
            self._wake = self._loop.create_future()
            await self._wake
        return self._waiting.popleft()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._transport.close()
        if not task.cancelled() and (bug := task.exception()):
            self._loop.call_exception_handler({"message": "a request was not answered", "exception": bug})


def _too_large() -> Reply:
    return error(413, f"the body of the request is larger than {BODY_LIMIT} bytes")
