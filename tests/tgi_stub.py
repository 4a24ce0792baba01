"""A server that speaks TGI's API over a real socket and can be told to misbehave."""

from __future__ import annotations

import asyncio
import re
import threading
import time
import zlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

ADAPTER = "tuned"
Reply = dict[str, Any] | list[Any]
_WORD = re.compile(r"\s?\S+|\s")


def right_for_the_adapter(text: str, adapter: str | None) -> str:
    """Messages end with their label: the adapter reads it, the base always says the same."""
    return text.rsplit(" ", 1)[-1] if adapter == ADAPTER else "other"


def words(text: str) -> list[str]:
    """The stub's tokens: a word with the space before it."""
    return _WORD.findall(text)


@dataclass
class Stub:
    """What the server says and does; change it while it runs.

    `faults` are used up one by POST request: an HTTP status, "reset", "truncated" (half a JSON) or "hang".
    `chance` is asked for a fault where none is left, by every POST request. `room`: more chats at once get a 429 at
    once, as TGI answers them. `retry_after` is the header that goes with every error.
    `tokens` are those of every chat answer, told where they are asked for (`logprobs`).
    `names` is what chat replies name as the model (None: what was asked for). `bad_replica`: every second request is
    answered by the base model, whatever adapter was asked for.
    `dies_after`: so many chat answers are given, then every request, /health too, ends in a reset.
    """

    answer: Callable[[str, str | None], str] = right_for_the_adapter
    faults: deque[int | str] = field(default_factory=deque)
    always: int | str | None = None
    chance: Callable[[], int | str | None] = lambda: None
    room: int | None = None
    retry_after: str | None = None
    refused: Callable[[str], int | None] = lambda text: None
    error_text: str = "told to fail"
    finish_reason: str = "stop"
    tokens: tuple[str, ...] = ()
    adapter_shift: float = 0.5
    noise: float = 0.0
    shifts: dict[str, float] = field(default_factory=dict)
    prefill: bool = True
    serves_base: bool = True
    healthy: bool = True
    chat_template: str | None = "<{role}> {content}"
    rank: bool = True
    logprob: Callable[[str], float | None] | None = None
    likeliest: Callable[[str], str] = lambda text: " nothing"
    delay: float = 0.0
    health_delay: float = 0.0
    dies_after: int | None = None
    names: str | None = None
    bad_replica: bool = False
    key: str | None = None
    info: dict[str, Any] = field(default_factory=lambda: {"model_id": "stub", "version": "3.3.7"})
    url: str = ""
    asked: list[tuple[str, Any, str | None]] = field(default_factory=list)
    chatting: threading.Event = field(default_factory=threading.Event)
    in_flight: int = 0
    most_in_flight: int = 0
    answered: int = 0
    turned_away: int = 0
    _calls: int = 0
    _turns: int = 0

    def posts(self, path: str) -> list[Any]:
        """The bodies of the requests to a path."""
        return [body for route, body, _ in self.asked if route == path]

    @property
    def chat_texts(self) -> list[str]:
        """The last user turn of every chat request."""
        return [body["messages"][-1]["content"] for body in self.posts("/v1/chat/completions")]

    @property
    def is_dead(self) -> bool:
        return self.dies_after is not None and self.answered >= self.dies_after

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request: faults first, then the route's own answer."""
        body = await request.json() if request.method == "POST" else None
        self.asked.append((request.path, body, request.headers.get("Authorization")))
        if self.is_dead:
            return self._reset(request)
        if request.path == "/health":
            return web.Response(status=200 if self.healthy else 503)
        if request.path == "/info":
            return web.json_response(self.info)
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return web.Response(status=401)
        fault = self.faults.popleft() if self.faults else self.always or self.chance()
        if fault is not None:
            return await self._fail(request, fault)
        route = self.routes().get(request.path)
        reply = await route(body) if route else 404
        if isinstance(reply, int):
            return web.json_response({"error": self.error_text}, status=reply)
        return web.json_response(reply)

    def routes(self) -> dict[str, Callable[[Any], Awaitable[Reply | int]]]:
        """What answers the POST requests to a path."""
        return {
            "/v1/chat/completions": self._chat,
            "/generate": self._generate,
            "/tokenize": self._tokenize,
            "/chat_tokenize": self._chat_tokenize,
        }

    async def _fail(self, request: web.Request, fault: int | str) -> web.StreamResponse:
        if fault == "hang":
            await asyncio.sleep(30)
        if fault == "reset":
            return self._reset(request)
        if fault == "truncated":
            return web.Response(text='{"choices": [{"mess', content_type="application/json")
        if fault == "empty":
            return web.Response()
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        return web.json_response({"error": self.error_text, "error_type": "told"}, status=int(fault), headers=headers)

    def _reset(self, request: web.Request) -> web.Response:
        if request.transport:
            request.transport.abort()
        return web.Response()

    def _is_bad(self) -> bool:
        self._turns += self.bad_replica
        return self._turns % 2 == 1

    async def _chat(self, body: Any) -> Reply | int:
        if self.room is not None and self.in_flight >= self.room:
            self.turned_away += 1
            return 429
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.chatting.set()
        try:
            await self._wait()
        finally:
            self.in_flight -= 1
        text, adapter = body["messages"][-1]["content"], None if body["model"] == "tgi" else body["model"]
        adapter = None if self._is_bad() else adapter
        status = self.refused(text)
        if status is not None:
            return status
        self.answered += 1
        message = {"role": "assistant", "content": self.answer(text, adapter)}
        return {
            "id": "", "object": "chat.completion", "created": 0, "model": self.names or body["model"],
            "system_fingerprint": "stub",
            "choices": [{"index": 0, "message": message, "finish_reason": self.finish_reason,
                         "logprobs": self._logprobs() if body.get("logprobs") else None}],
            "usage": {"prompt_tokens": len(words(text)), "completion_tokens": 1, "total_tokens": 1 + len(words(text))},
        }  # fmt: skip

    def _logprobs(self) -> Reply:
        return {"content": [{"token": token, "logprob": -0.1, "top_logprobs": []} for token in self.tokens]}

    async def _wait(self) -> None:
        """As long as `delay` says meanwhile: a test that changes it changes it for what is under way, too."""
        began = time.monotonic()
        while (left := began + self.delay - time.monotonic()) > 0:
            await asyncio.sleep(min(left, 0.05))
        await asyncio.sleep(0)

    async def _generate(self, body: Any) -> Reply | int:
        text, parameters = body["inputs"], body["parameters"]
        if not self.serves_base and not parameters.get("adapter_id"):
            return 422
        self._calls += 1
        parameters = {**parameters, "adapter_id": None} if self._is_bad() else parameters
        prefill = []
        if parameters.get("decoder_input_details") and self.prefill:
            prefill = [
                self._scored(word, place, parameters.get("adapter_id")) for place, word in enumerate(words(text))
            ]
        made = words(self.likeliest(text))[: parameters["max_new_tokens"]]
        tokens = [{"id": zlib.crc32(w.encode()), "text": w, "logprob": -0.1, "special": False} for w in made]
        details = {"finish_reason": "length", "generated_tokens": len(made), "prefill": prefill, "tokens": tokens}
        return {"generated_text": "".join(made), "details": details}

    def _scored(self, word: str, place: int, adapter: str | None) -> dict[str, Any]:
        number = zlib.crc32(word.encode())
        value = self.logprob(word) if self.logprob else -0.1 * (number % 50) + self.noise * self._calls
        if value is not None and adapter is not None:
            value -= {ADAPTER: self.adapter_shift, **self.shifts}.get(adapter, 0.0)
        token = {"id": number, "text": word, "logprob": value if place else None}
        return token | ({"rank": 0 if value is not None and value > -1 else 7} if self.rank else {})

    async def _tokenize(self, body: Any) -> Reply:
        found = _WORD.finditer(body["inputs"])
        return [{"id": zlib.crc32(w[0].encode()), "text": w[0], "start": w.start(), "stop": w.end()} for w in found]

    async def _chat_tokenize(self, body: Any) -> Reply | int:
        if self.chat_template is None:
            return 404
        text = "".join(self.chat_template.format(**turn) for turn in body["messages"])
        return {"tokenize_response": await self._tokenize({"inputs": text}), "templated_text": text}


@contextmanager
def running(stub: Stub) -> Iterator[Stub]:
    """The stub on a free port of loopback, in a thread of its own."""
    ready, loop = threading.Event(), asyncio.new_event_loop()

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", stub.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        stub.url = f"http://{host}:{port}"
        return runner

    def serve() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(start())
        ready.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.run_until_complete(_end_all(loop))
        loop.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield stub
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def _end_all(loop: asyncio.AbstractEventLoop) -> None:
    """Requests that still hang."""
    left = asyncio.all_tasks(loop) - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
