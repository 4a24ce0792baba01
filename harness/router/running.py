"""The router in a thread with an event loop of its own, and what may be asked of it from outside."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from harness.core.errors import OutsideError
from harness.core.routes import Route
from harness.router.checks import Say, keep_checking, keep_sweeping, keep_writing
from harness.router.inbound import Inbound
from harness.router.log import TrafficLog
from harness.router.router import Form, Router
from harness.router.table import Routes

_BACKLOG = 2048
_POLL_SECONDS = 0.02
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Running:
    """A router that listens at `url`. May be used from any thread but its own."""

    url: str
    router: Router
    loop: asyncio.AbstractEventLoop

    def switch(self, routes: Routes) -> None:
        """Go by another table. Once this returns, no request begins by the old one."""
        _there(self.loop, _call(self.router, routes))

    def drained(self) -> bool:
        """Whether no request by an older table than the one that stands is under way."""
        return not self.router.before(self.router.routes.generation)


@dataclass(frozen=True, slots=True)
class _Parts:
    router: Router
    server: asyncio.Server
    tasks: tuple[asyncio.Task[None], ...]


@contextmanager
def running(
    route: Route, routes: Routes, log: TrafficLog, key: str | None, form: Form | None, say: Say
) -> Iterator[Running]:
    """The router, listening inside the `with` block; at its end the requests under way are answered first.

    `say` is called in the router's thread. Raises OutsideError where it can't listen.
    """
    import uvloop

    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="router")
    thread.start()
    try:
        parts = _there(loop, _begin(route, routes, log, key, form, say))
        try:
            yield Running(_url(route.host, parts.server), parts.router, loop)
        finally:
            _there(loop, _end(parts))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _there(loop: asyncio.AbstractEventLoop, work: Coroutine[None, None, T]) -> T:
    return asyncio.run_coroutine_threadsafe(work, loop).result()


async def _call(router: Router, routes: Routes) -> None:
    router.switch(routes)


async def _begin(route: Route, routes: Routes, log: TrafficLog, key: str | None, form: Form | None, say: Say) -> _Parts:
    loop, router = asyncio.get_running_loop(), Router(route, routes, log, key, form)
    try:
        server = await loop.create_server(
            lambda: Inbound(router.answer, router.clients), route.host, route.port, backlog=_BACKLOG
        )
    except OSError as refused:
        raise _cannot_listen(route, refused) from None
    work = (keep_checking(router, say), keep_sweeping(router), keep_writing(router, say))
    return _Parts(router, server, tuple(loop.create_task(one) for one in work))


def refuse_taken(route: Route) -> None:
    """Raises OutsideError where the router's address cannot be had: told before any server is started for it."""
    try:
        family = socket.getaddrinfo(route.host, route.port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((route.host, route.port), family=family).close()
    except OSError as refused:
        raise _cannot_listen(route, refused) from None


def _cannot_listen(route: Route, refused: OSError) -> OutsideError:
    message = f"the router cannot listen at {route.host}:{route.port}: {refused.strerror or refused}."
    return OutsideError(f"{message} Take another host or port (`route` in release.yaml, --port).")


async def _end(parts: _Parts) -> None:
    """Take nothing new, finish what is under way, write what is left to write."""
    router = parts.router
    parts.server.close()
    for client in tuple(router.clients):
        client.finish()
    until = time.monotonic() + router.route.timeout
    while router.in_flight and time.monotonic() < until:
        await asyncio.sleep(_POLL_SECONDS)
    await asyncio.sleep(_POLL_SECONDS)  # the last bytes on their way
    for task in parts.tasks:
        task.cancel()
    await asyncio.gather(*parts.tasks, return_exceptions=True)
    for client in tuple(router.clients):
        client.abort()
    router.pool.keep(())
    await asyncio.sleep(_POLL_SECONDS)
    router.log.flush()


def _url(host: str, server: asyncio.Server) -> str:
    port = server.sockets[0].getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
