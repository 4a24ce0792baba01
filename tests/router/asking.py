"""A router in front of backends, and ways to ask it."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.core.routes import Route
from harness.router.log import Redaction, Seen, TrafficLog, seen_in
from harness.router.router import Form
from harness.router.running import Running, running
from harness.router.table import Routes
from tests.waiting import until

ROUTE = Route(port=0, timeout=30.0, eject=3, rest=0.5)


@dataclass
class Told:
    """A reply."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        found = self.value
        return str(found["generated_text"] if "generated_text" in found else found["choices"][0]["message"]["content"])

    @property
    def version(self) -> str | None:
        return self.headers.get("x-harness-version")

    @property
    def events(self) -> list[Any]:
        found = [line[6:] for line in self.body.decode().split("\n\n") if line]
        return [one if one == "[DONE]" else json.loads(one) for one in found]


@dataclass
class Front:
    """The router, where its log goes, and what it said."""

    router: Running
    folder: Path
    said: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(urlsplit(self.router.url).port or 0)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Told:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            connection.request(method, path, data, {name.replace("_", "-"): value for name, value in headers.items()})
            reply = connection.getresponse()
            lowered = {name.lower(): value for name, value in reply.getheaders()}
            return Told(reply.status, lowered, reply.read())
        finally:
            connection.close()

    def generate(self, text: str, path: str = "/generate", **headers: str) -> Told:
        return self.ask("POST", path, {"inputs": text, "parameters": {"adapter_id": "of-the-client"}}, **headers)

    def chat(self, text: str, stream: bool = False, **headers: str) -> Told:
        body = {"model": "of-the-client", "messages": [{"role": "user", "content": text}], "stream": stream}
        return self.ask("POST", "/v1/chat/completions", body, **headers)

    def raw(self, data: bytes) -> bytes:
        """All that comes back for these very bytes, until the router closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR) if not data else None
            found = b""
            while piece := connection.recv(65536):
                found += piece
            return found

    def seen(self) -> list[Seen]:
        """What was noted. A request is noted just after its last byte was sent, so the router finishes that first."""
        until(lambda: not self.router.router.in_flight.total())
        self.ask("GET", "/health")  # answered after that, by the same loop
        self.router.router.log.flush()
        return list(seen_in(self.folder / "traffic"))


@contextmanager
def front(
    folder: Path, routes: Routes, key: str | None = None, form: Form | None = None, **route: Any
) -> Iterator[Front]:
    """The router on a free port, with a log of its own."""
    log, said = TrafficLog(folder / "traffic", folder / "requests", Redaction(), 86_400.0), list[str]()
    with running(replace(ROUTE, **route), routes, log, key, form, said.append) as router:
        yield Front(router, folder, said)
