"""What the router does beside answering: it asks servers for their health, looks after connections, writes the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from harness.router import wire
from harness.router.outbound import ServerFailed, address_of, connected
from harness.router.router import Router
from harness.router.table import TGI, Target
from harness.router.wire import Request

CHECK_SECONDS = 1.0
_WAIT_SECONDS = 5.0
_FLUSH_SECONDS = 0.5

Say = Callable[[str], None]


async def keep_checking(router: Router, say: Say) -> None:
    """Ask every server for its health, again and again, and say which went or came back."""
    while True:
        before = {url: router.health.usable(url) for url in router.routes.urls}
        await check(router)
        for url in router.routes.urls:
            if before.get(url, True) != (now := router.health.usable(url)):
                say(f"{url} {'answers again' if now else 'gets no requests: it failed too often, or is not healthy'}")
        await asyncio.sleep(CHECK_SECONDS)


async def check(router: Router) -> None:
    """Ask every server once."""
    targets = {url: target for target in router.routes.targets for url in target.urls}
    alive = await asyncio.gather(*(_is_alive(url, target) for url, target in targets.items()))
    for url, one in zip(targets, alive, strict=True):
        if url in router.routes.urls:  # there may be another table by now
            router.health.checked(url, one)


async def keep_sweeping(router: Router) -> None:
    """Close connections on which nothing comes."""
    while True:
        now = asyncio.get_running_loop().time()
        for client in tuple(router.clients):
            client.sweep(now)
        await asyncio.sleep(1.0)


async def keep_writing(router: Router, say: Say) -> None:
    """Write the log twice a second, beside the loop."""
    while True:
        await asyncio.sleep(_FLUSH_SECONDS)
        if refused := await asyncio.to_thread(router.log.flush):
            say(f"the request log cannot be written, {router.log.lost} lines are lost: {refused}")


async def _is_alive(url: str, target: Target) -> bool:
    """Whether a server answers; a server without such a page is alive, too."""
    address = address_of(url)
    prefix = address.prefix if target.api == TGI else address.prefix.removesuffix("/v1")
    data = wire.request_bytes(f"{prefix}/health", address.host, target.key, Request("GET", "/health"), b"")
    try:
        connection = await connected(url, _WAIT_SECONDS)
        try:
            connection.send(data)
            await connection.head(_WAIT_SECONDS)
            return connection.status < 500
        finally:
            connection.close()
    except ServerFailed:
        return False
