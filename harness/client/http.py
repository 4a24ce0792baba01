"""One pool of connections to one server: every request bounded, timed, and sent again where that may mend it."""

from __future__ import annotations

import asyncio
import json
import math
import time
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from harness.client.interface import Limits, RequestFailed
from harness.client.pace import Pace
from harness.client.retries import Again, Tries
from harness.client.watched import Watched
from harness.core.errors import ConfigError, OutsideError

_RETRY_STATUS = frozenset({408, 424, 429, 500, 502, 503, 504})
_CONNECT_SECONDS = 10.0
# uvicorn closes a connection that was idle for 5 s; one that we close first is never lost to a request.
_KEEP_ALIVE_SECONDS = 4.0
# Less than this before the deadline, nothing is sent: timers go off a little early or late.
_LEAST_SECONDS = 0.01
# A key of fewer characters may be a word that a model's answer holds by chance.
_LEAST_KEY = 12


class KeyRefused(OutsideError):
    """HTTP 401 or 403: no request can succeed."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The JSON of a reply, the seconds that its own attempt took, and how many attempts there were."""

    data: Any
    seconds: float
    attempts: int


class Http:
    """`key_from` says where the user sets the key. Use between `open` and `close`.

    `broke_alone`: the server was there, and since its last answer the first request that failed, for no fault of its
    own, was one that was sent alone.
    """

    def __init__(self, url: str, key: str | None, key_from: str, concurrency: int, limits: Limits) -> None:
        if key and not (key.isascii() and key.isprintable()):
            raise ConfigError(f"the key of {url} ({key_from}) holds a line break or a character that HTTP cannot send.")
        self.url, self.limits, self.pace = url, limits, Pace(concurrency)
        self._key, self._key_from = key, key_from
        self.broke_alone = self._broken = self._there = False
        self._session: aiohttp.ClientSession | None = None
        self._watched = Watched(limits.watch)

    async def open(self) -> None:
        """Make the pool. Raises OutsideError where the server has died already."""
        self._watched.begin()
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        self._session = aiohttp.ClientSession(
            headers=headers,
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self, error: BaseException | None = None) -> None:
        """Close every connection. Raises OutsideError in place of `error` where the server died meanwhile."""
        try:
            await self._watched.end(error)
        finally:
            if self._session:
                await self._session.close()

    async def get(self, path: str, seconds: float | None = None) -> Any:
        """The reply to a GET that is sent once; {} for an empty one. Raises RequestFailed, OutsideError."""
        try:
            content, _ = await self._send("GET", path, None, seconds or self.limits.timeout)
            return _parsed(content) if content else {}
        except Again as failure:
            raise RequestFailed(str(failure), failure.status) from None

    async def post(self, path: str, body: object, alone: bool = False) -> Reply:
        """The reply to a POST, after as many attempts as the limits allow; `alone`: nothing else is in flight then.

        Raises RequestFailed, and OutsideError where no request can succeed (key refused, deadline over).
        """
        payload, tries = _encoded(body), Tries(self.limits)
        while True:
            tries.sent += 1
            try:
                data, seconds = await self._attempt(path, payload, alone)
                return Reply(data, seconds, tries.sent)
            except RequestFailed as refusal:
                refusal.attempts = tries.sent
                raise
            except Again as failure:
                pause = tries.pause(failure)
                if pause is None:
                    told = f"{failure} ({tries.sent} attempts)" if tries.sent > 1 else str(failure)
                    raise RequestFailed(told, failure.status, tries.sent) from None
            await asyncio.sleep(min(pause, self._time_left()))

    async def _attempt(self, path: str, payload: bytes, alone: bool) -> tuple[Any, float]:
        """One attempt in a slot of its own; a request that waits for its next attempt holds none."""
        sent_in = await (self.pace.enter_alone() if alone else self.pace.enter())
        try:
            content, seconds = await self._send("POST", path, payload, self.limits.timeout)
            data = _parsed(content)
        except Again as failure:
            if failure.is_full and self.limits.patience > 0:  # a measurement keeps the concurrency it declared
                self.pace.turned_away(sent_in)
            elif self._there and not self._broken and not failure.is_full:
                self._broken, self.broke_alone = True, alone
            raise
        finally:
            self.pace.leave()
        self.pace.succeeded()
        self._broken = self.broke_alone = False
        return data, seconds

    async def _send(self, method: str, path: str, payload: bytes | None, seconds: float) -> tuple[bytes, float]:
        assert self._session is not None
        limit = aiohttp.ClientTimeout(total=min(seconds, self._time_left()), sock_connect=_CONNECT_SECONDS)
        started = time.perf_counter()
        try:
            async with self._session.request(
                method, self.url + path, data=payload, timeout=limit, allow_redirects=False
            ) as reply:
                self._there = True
                content = self._without_known_key(await reply.read())
        except TimeoutError:
            self._time_left()
            raise Again(f"the request timed out after {time.perf_counter() - started:.3g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            self._there |= not isinstance(error, aiohttp.ClientConnectorError)
            raise Again(self._without_key(f"{type(error).__name__}: {error}")) from None
        taken = time.perf_counter() - started
        if reply.status >= 300:
            raise self._refusal(reply, content, taken)
        return content, taken

    def _refusal(self, reply: aiohttp.ClientResponse, content: bytes, taken: float) -> Exception:
        status, text = reply.status, self._without_key(content.decode(errors="replace"))[:200]
        if status in (401, 403):
            does = "refuses the key" if self._key else "wants a key"
            return KeyRefused(
                f"the server at {self.url} {does} (HTTP {status}). "
                f"Put the right one into the environment variable that {self._key_from} names."
            )
        if status in _RETRY_STATUS:
            return Again(f"HTTP {status}: {text}", status, taken, _retry_after(reply.headers.get("Retry-After")))
        if status < 400:
            return RequestFailed(f"HTTP {status}: the server sends requests on to another address", status)
        return RequestFailed(f"HTTP {status}: {text}", status)

    def _time_left(self) -> float:
        """Seconds until the deadline. Raises OutsideError where it is over."""
        if self.limits.deadline is None:
            return math.inf
        left = self.limits.deadline - time.monotonic()
        if left < _LEAST_SECONDS:
            raise OutsideError(
                "the deadline of the run is over (serve.deadline). What was answered is kept; the same command goes on "
                "from there."
            )
        return left

    def _without_known_key(self, content: bytes) -> bytes:
        """A server or a model may repeat the key in its answer. A short one is left: it may be a word."""
        if not self._key or len(self._key) < _LEAST_KEY:
            return content
        return content.replace(self._key.encode(), b"(the key)")

    def _without_key(self, text: str) -> str:
        """A server may repeat a request in its error; what it says ends in files."""
        return text.replace(self._key, "(the key)") if self._key else text


def _encoded(body: object) -> bytes:
    try:
        return orjson.dumps(body, default=dict)
    except TypeError as error:  # half a surrogate pair, a number beyond 64 bits
        raise RequestFailed(f"the request has no form in JSON: {error}", attempts=0) from None


def _parsed(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except ValueError:
        pass
    if content.lstrip()[:1] == b"<":  # a gateway's page: it comes again each time
        page = content.decode(errors="replace").strip()[:120]
        raise RequestFailed(f"the reply is a page, and not JSON: {page!r}")
    try:
        return json.loads(content)  # takes NaN, which some servers write
    except ValueError:
        raise Again("the reply is not whole JSON") from None


def _retry_after(told: str | None) -> float:
    """Seconds that a server asks for; 0 where it gives none, or a date (its clock is not ours)."""
    try:
        seconds = float(told or 0)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0
