"""One request to one server after the other, until one of them answers it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from harness.router import wire
from harness.router.answers import NoAnswer, Told, cut_event, events_of, read_event, told_by, whole_events
from harness.router.bodies import ANSWERED, Asked
from harness.router.health import Health
from harness.router.inbound import Inbound
from harness.router.outbound import REPLY_LIMIT, Outbound, Pool, ServerFailed, address_of, connected
from harness.router.table import Routes, Target
from harness.router.wire import Reply, Request

# What another server of the same version may do better; after anything else the next version is asked.
_ELSEWHERE = frozenset({"connect", "closed", "429", "503"})
_BUSY = "429"
# TGI's statuses for a busy server and for a generation that failed: both look like the client's own fault.
_FAILED = frozenset({424, 429})
CUT, RESTING = "cut", "resting"


@dataclass(slots=True)
class Exchange:
    """A request under way, by the table that stood when it was whole, and what became of it so far."""

    request: Request
    asked: Asked
    client: Inbound
    routes: Routes
    side: str
    began: float = field(default_factory=time.perf_counter)
    told: Told | None = None
    version: str = ""
    status: int = 499
    first: float | None = None
    fault: str | None = None
    whole: bool = False

    def reply(self, reply: Reply) -> None:
        """Send a whole reply."""
        self.first = time.perf_counter() - self.began
        self.status, self.version, self.whole = reply.status, reply.version, True
        self.client.write(reply.encoded(self.request))

    def begin(self, version: str, headers: wire.Headers, events: bytes) -> None:
        """Send the beginning of a stream."""
        self.first = time.perf_counter() - self.began
        self.status, self.version = 200, version
        head = wire.event_head(version, headers, self.request)
        self.client.write(head + wire.chunk(events, self.request))


@dataclass(frozen=True, slots=True)
class Forwarder:
    """Servers, their health, and how long (s) a server may say nothing."""

    pool: Pool
    health: Health
    timeout: float

    async def forward(self, one: Exchange) -> None:
        """Answer a request: by its side's version, or by those who stand in. It is answered in any case."""
        chain = one.routes.chain(one.side)
        first: ServerFailed | None = None
        nobody = False
        for target in chain:
            urls: Sequence[str] = self.health.order(target.urls)
            if not urls and target is chain[0]:
                # Where all of them rest, asking is still better than saying no.
                nobody = not any(self.health.order(other.urls) for other in chain)
            urls = target.urls if nobody else urls
            failed = await self._any(one, target, urls)
            if one.whole or one.first is not None:
                return
            first = first or failed
            one.fault = one.fault or (failed.kind if failed else RESTING)
            if failed and failed.kind == _BUSY:
                break  # the client is to come again later, and not to make the next version as busy
        one.reply(_no_answer(first))

    async def _any(self, one: Exchange, target: Target, urls: Iterable[str]) -> ServerFailed | None:
        """Ask the servers of one version in turn; why the last one failed, where none gave an answer."""
        failed = None
        for url in urls:
            state, worked = self.health.enter(url), None
            try:
                worked = await self._ask(one, target, url)
                return None
            except ServerFailed as failure:
                failed, worked = failure, None if failure.kind == _BUSY else False
                if failure.kind not in _ELSEWHERE:
                    return failure
            finally:
                self.health.leave(state, worked)
        return failed

    async def _ask(self, one: Exchange, target: Target, url: str) -> bool | None:
        """Send back what one server says; whether all of it came (None: it has no such route, and was not asked).

        Raises ServerFailed before anything was sent.
        """
        path = target.path(one.request.path)
        if path is None:
            one.reply(wire.error(404, f"{target.name} is served by an API that has no {one.request.path}"))
            return None
        address = address_of(url)
        body = one.asked.of(target) if one.request.method == "POST" else b""
        data = wire.request_bytes(address.prefix + path, address.host, target.key, one.request, body)
        connection = await self._sent(url, data)
        try:
            kind = next((value for name, value in connection.headers if name == b"content-type"), wire.JSON)
            if connection.status == 200 and kind.startswith(wire.EVENTS):
                return await self._stream(one, target, connection)
            await self._whole(one, target, connection, kind)
            return True
        finally:
            self.pool.give(url, connection)

    async def _sent(self, url: str, data: bytes) -> Outbound:
        """A connection on which the head of the reply has come. An idle one may turn out closed: then a new one."""
        connection = await self.pool.take(url, self.timeout)
        while True:
            try:
                connection.send(data)
                await connection.head(self.timeout)
                return connection
            except ServerFailed as failure:
                connection.close()
                if not failure.stale:
                    raise
            except asyncio.CancelledError:
                connection.close()
                raise
            connection = await connected(url, self.timeout)

    async def _whole(self, one: Exchange, target: Target, connection: Outbound, kind: bytes) -> None:
        body = await connection.rest(self.timeout)
        headers = wire.passed_back(connection.headers)
        reply = Reply(connection.status, body, kind, headers, target.name)
        if reply.status >= 500 or reply.status in _FAILED:
            raise ServerFailed(str(reply.status), f"the server answered with HTTP {reply.status}", reply)
        if reply.status == 200 and one.request.path in ANSWERED:
            try:
                one.told = told_by(one.request.path, body, connection.headers)
            except NoAnswer:
                raise ServerFailed("garbage", "the server's answer is none of its API") from None
        one.reply(reply)

    async def _stream(self, one: Exchange, target: Target, connection: Outbound) -> bool:
        """Pass events on, whole ones only, so that a stream which is cut can still end in one that tells so."""
        told, path = Told(), one.request.path
        events, rest = await self._events(connection, b"", path, told)
        if told.failed:
            raise ServerFailed("generation", "the server failed to generate an answer")
        if not events:
            raise ServerFailed("garbage", "the server's stream has no event")
        one.told = told
        one.begin(target.name, wire.passed_back(connection.headers), events)
        why = None
        try:
            while events:
                events, rest = await self._events(connection, rest, path, told)
                if events:
                    one.client.write(wire.chunk(events, one.request))
                    await one.client.drained(self.timeout)
        except ServerFailed as failure:
            why = failure.message
        if why is None and not told.ended:
            why = "the server ended the stream before the answer was whole"
        if why:
            one.fault = CUT
            one.client.write(wire.chunk(cut_event(path, why), one.request))
        one.client.write(wire.LAST_CHUNK if one.request.chunks else b"")
        one.whole = not why
        return one.whole

    async def _events(self, connection: Outbound, rest: bytes, path: str, told: Told) -> tuple[bytes, bytes]:
        """The next whole events, and what came of the one after them. No events: the stream is over."""
        while piece := await connection.piece(self.timeout):
            events, rest = whole_events(rest + piece)
            if len(rest) > REPLY_LIMIT:
                raise ServerFailed("garbage", f"an event of the server is larger than {REPLY_LIMIT} bytes")
            if events:
                for event in events_of(events):
                    read_event(path, event, told)
                return events, rest
        return b"", rest


def _no_answer(failed: ServerFailed | None) -> Reply:
    """What the client is told where nobody answered: what the version that was meant said, if it said a thing."""
    if failed is None:
        return wire.error(503, "no server is there to answer", "unavailable")
    return failed.reply or wire.error(504 if failed.kind == "timeout" else 502, failed.message, "unavailable")
