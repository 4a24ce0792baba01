"""The router itself: the table that stands, who may ask, and what is noted of each request."""

from __future__ import annotations

import hmac
import random
import time
from collections import Counter
from collections.abc import Callable

import orjson

from harness.core.routes import Route
from harness.core.versions import PRODUCTION
from harness.router.bodies import ANSWERED, POSTED, Asked, BadBody, asked
from harness.router.choose import choose
from harness.router.counts import Counts, prometheus
from harness.router.forward import CUT, Exchange, Forwarder
from harness.router.health import Health
from harness.router.inbound import Inbound
from harness.router.log import Seen, Texts, TrafficLog
from harness.router.outbound import Pool
from harness.router.table import Routes
from harness.router.wire import Reply, Request, error

Form = Callable[[str], bool]
HEALTH = frozenset({"/", "/health", "/ping"})
INFO, MODELS, METRICS, STATUS = "/info", "/v1/models", "/metrics", "/router/status"
_LOOPBACK = ("127.", "::1", "::ffff:127.")
_PROMETHEUS = b"text/plain; version=0.0.4"


class Router:
    """All that lives in the router's event loop. `key` None: anybody may ask; `form` tells whether a text is of the
    form that is wanted."""

    def __init__(self, route: Route, routes: Routes, log: TrafficLog, key: str | None, form: Form | None) -> None:
        self.route, self.routes, self.log = route, routes, log
        self._key, self._form = key, form
        self._sticky = route.sticky.lower().encode() if route.sticky else None
        self.counts, self.pool = Counts(), Pool()
        self.health = Health(route.eject, route.rest)
        self._forwarder = Forwarder(self.pool, self.health, route.timeout)
        self.in_flight: Counter[int] = Counter()
        self.clients: set[Inbound] = set()
        self.switch(routes)

    def switch(self, routes: Routes) -> None:
        """From now on requests go by this table; those under way end by the one that they began with."""
        self.routes = routes
        self.health.keep(routes.urls)
        self.pool.keep(routes.urls)

    def before(self, generation: int) -> int:
        """Requests under way by tables older than this one."""
        return sum(count for old, count in tuple(self.in_flight.items()) if old < generation)

    async def answer(self, request: Request, client: Inbound) -> None:
        """Answer one request."""
        reply = self._own(request, client)
        if reply is None and request.method == "POST":
            try:
                found = asked(request.path, request.body)
            except BadBody as bad:
                reply = error(422, f"Input validation error: {bad}", "validation")
        elif reply is None:
            found = Asked(request.path, {})
        if reply is not None:
            client.write(reply.encoded(request))
            return
        who = request.headers.get(self._sticky) if self._sticky else None
        routes = self.routes
        side = choose(routes, who) if request.method == "POST" else PRODUCTION
        await self._forward(Exchange(request, found, client, routes, side))

    def status(self) -> dict[str, object]:
        """The table, the health of its servers and what was counted, without keys."""
        return {
            **self.routes.as_json(),
            "health": self.health.as_json(),
            "in_flight": self.in_flight.total(),
            **self.counts.as_json(),
            "log_lines_lost": self.log.lost,
        }

    def _own(self, request: Request, client: Inbound) -> Reply | None:
        """What the router answers itself; None: this is for a server."""
        path, method = request.path, request.method
        if method == "POST" and path in POSTED:
            return None if self._may(request) else Reply(401)
        if method not in ("GET", "HEAD"):
            known = path in POSTED or path in HEALTH or path in (INFO, MODELS, METRICS)
            return error(405 if known else 404, f"there is no {method} {path} here")
        if path in HEALTH:
            alive = any(self.health.usable(url) for url in self.routes.production.urls)
            return Reply(200) if alive else error(503, "unhealthy", "healthcheck")
        if path == METRICS:
            text = prometheus(self.counts, self.routes, self.health, self.in_flight.total(), self.log.lost)
            return Reply(200, text, _PROMETHEUS)
        if path == MODELS:
            return Reply(200, orjson.dumps(_models(self.routes)))
        if path == STATUS and client.peer.startswith(_LOOPBACK):
            return Reply(200, orjson.dumps(self.status())) if self._may(request) else Reply(401)
        return None if path == INFO else error(404, f"there is no {path} here")

    def _may(self, request: Request) -> bool:
        if self._key is None:
            return True
        given = request.headers.get(b"authorization", b"")
        return hmac.compare_digest(given, f"Bearer {self._key}".encode())

    async def _forward(self, one: Exchange) -> None:
        came, generation = time.time(), one.routes.generation
        self.in_flight[generation] += 1
        try:
            await self._forwarder.forward(one)
        finally:
            self.in_flight[generation] -= 1
            if not self.in_flight[generation]:
                del self.in_flight[generation]
            if one.request.path in ANSWERED and one.request.method == "POST":
                self._note(one, came)

    def _note(self, one: Exchange, came: float) -> None:
        told, meant = one.told, one.routes.chain(one.side)[0].name
        gone = not one.whole and one.fault != CUT
        seen = Seen(
            time=came,
            side=one.side,
            version=one.version,
            status=499 if gone else one.status,
            seconds=time.perf_counter() - one.began,
            first=one.first,
            path=one.request.path,
            streamed=one.asked.streamed,
            prompt_tokens=told.prompt_tokens if told else None,
            generated_tokens=told.generated_tokens if told else None,
            chars=len(told.text) if told else None,
            finish_reason=told.finish_reason if told else None,
            formed=self._form(told.text) if self._form and told and one.whole else None,
            fallback_from=meant if one.version != meant else None,
            fault=one.fault,
            generation=one.routes.generation,
            who=self.log.who(one.request.headers.get(self._sticky)) if self._sticky else None,
        )
        self.counts.add(seen)
        kept = random.random() < self.route.log_sample
        self.log.note(seen, Texts(seen, one.asked.body, told.text if told else None) if kept else None)


def _models(routes: Routes) -> dict[str, object]:
    """The versions in OpenAI's form. A client that names one gets the one that is meant for it all the same."""
    names = [target.name for target in (routes.production, routes.canary) if target]
    rows = [{"id": name, "object": "model", "created": 0, "owned_by": "harness"} for name in names]
    return {"object": "list", "data": rows}
