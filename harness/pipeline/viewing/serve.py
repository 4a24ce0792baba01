"""The site's process: bound to loopback until it is stopped."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import signal
from collections.abc import Callable

from aiohttp import web

from harness.core.errors import ConfigError
from harness.core.releases import Release
from harness.pipeline.viewing.app import make_app


def serve_site(release: Release, host: str, port: int, told: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `told` gets the address once it answers. Port 0 is any free one.

    Raises ConfigError for an address that is not this machine's own, and for a port that cannot be had.
    """
    address = _loopback(host)
    if not 0 <= port <= 65535:
        raise ConfigError(f"--port {port}: a port lies between 0 and 65535.")
    asyncio.run(_serve(release, address, port, told))


def _loopback(host: str) -> str:
    name = "127.0.0.1" if host == "localhost" else host
    try:
        is_own = ipaddress.ip_address(name).is_loopback
    except ValueError:
        is_own = False
    if not is_own:
        raise ConfigError(
            f"--host {host}: the site shows samples to whoever reaches it, so it listens on this machine alone "
            "(127.0.0.1, ::1). From elsewhere, reach it through `ssh -L`."
        )
    return name


async def _serve(release: Release, host: str, port: int, told: Callable[[str], None]) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(make_app(release), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise _refused(host, port, error) from None
        bound = runner.addresses[0]
        name = f"[{host}]" if ":" in host else host
        told(f"http://{name}:{bound[1]}/")
        await stop.wait()
    finally:
        await runner.cleanup()


def _refused(host: str, port: int, error: OSError) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        return ConfigError(f"--port {port}: another process has this port. Give another one, or 0 for any free one.")
    reason = errno.errorcode.get(error.errno or 0, str(error))
    return ConfigError(f"--host {host} --port {port}: the address cannot be bound ({reason}). Give another one.")
