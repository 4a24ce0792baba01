"""The process around the application: port, ready line, signals, the parent's life."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from .batcher import Batcher
from .errors import StartError

_CLOSING = 1
"""Seconds that replies under way get after SIGTERM; clients that do not read them are not waited for."""


class PortTaken(StartError):
    """Another process listens there: an outside matter, not a wrong argument."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, batcher: Batcher, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._batcher, self._on_ready = batcher, on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike uvicorn's own, leaves no signal to end the process with: a requested stop exits 0."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        self.should_exit = True
        self._batcher.close()


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to `port`, 0 for any free one. Raises PortTaken, or StartError for a bad address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(128)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            message = f"Port {port} on {host} is in use. Choose another, or 0 for any free one."
            raise PortTaken(message) from error
        raise StartError(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
    return bound


def run(app: Any, batcher: Batcher, bound: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; running requests then fail at once."""

    def ready() -> None:
        host, port = bound.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        line = {"event": "ready", "url": f"http://{shown}:{port}", "pid": os.getpid()}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    config = uvicorn.Config(
        app,
        lifespan="off",
        log_level="warning",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_CLOSING,
    )
    _Server(config, batcher, ready).run(sockets=[bound])


def follow(parent: int) -> None:
    """End this process, as by SIGTERM, within about a second of the end of process `parent`."""
    own = os.getppid() == parent

    def watch() -> None:
        while _alive(parent) and not (own and os.getppid() != parent):
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
