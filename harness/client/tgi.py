"""TGI's API as values. Requests go over aiohttp directly: huggingface_hub's client takes 1.7 times as long on the same
requests and hides `details.prefill[].rank`. Types of replies are huggingface_hub's own.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp

from harness.core.errors import OutsideError
from harness.core.releases import Generation
from harness.core.samples import Output

# What TGI takes as "no adapter"; every other name selects one.
BASE = "tgi"

_RETRY_STATUS = frozenset({408, 424, 429, 500, 502, 503, 504})


class RequestFailed(Exception):
    """A request that got no answer, after all its attempts; the message says why."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token that the server read; `logprob` in nats (None for the first), `rank` 0 where it is the likeliest."""

    id: int
    text: str
    logprob: float | None
    rank: int | None


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how often to try. Seconds."""

    timeout: float = 300.0
    attempts: int = 5
    first_pause: float = 0.25
    longest_pause: float = 8.0


class TgiClient:
    """A connection pool to one server. Use as an asynchronous context manager."""

    def __init__(self, url: str, key: str | None = None, concurrency: int = 16, limits: Limits | None = None) -> None:
        self.url, self.limits, self._key = url.rstrip("/"), limits or Limits(), key
        self._slots = asyncio.Semaphore(concurrency)
        self._jitter = random.Random(0)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        timeout = aiohttp.ClientTimeout(total=self.limits.timeout, connect=10)
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(headers=headers, timeout=timeout, connector=connector)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    async def info(self) -> dict[str, Any]:
        """The server's description of itself. Raises OutsideError where it is not healthy."""
        try:
            return dict(await self._once("GET", "/info", None))
        except (RequestFailed, _Again) as error:
            raise OutsideError(f"the server at {self.url} does not answer: {error}") from None

    async def alive(self) -> bool:
        """Whether the server answers at all."""
        try:
            await self._once("GET", "/health", None)
        except (RequestFailed, _Again):
            return False
        return True

    async def chat(
        self, sample_id: str, messages: Sequence[Mapping[str, str]], generation: Generation, adapter: str | None
    ) -> Output:
        """One chat completion; the server applies the model's own template. Errors come back inside the Output."""
        body: dict[str, Any] = {
            "model": adapter or BASE,
            "messages": list(messages),
            "max_tokens": generation.max_new_tokens,
            "temperature": generation.temperature,
            "seed": generation.seed,
            "stop": list(generation.stop) or None,
            "top_p": generation.top_p,
        }
        body = {key: value for key, value in body.items() if value is not None}
        try:
            reply, seconds = await self._timed("/v1/chat/completions", body)
            return _chat_output(sample_id, reply, seconds)
        except RequestFailed as error:
            return Output(sample_id, None, error=str(error))

    async def prefill(self, text: str, adapter: str | None) -> list[Token]:
        """The tokens of a prompt with their log-probabilities; empty where the server gives none."""
        parameters = {
            "max_new_tokens": 1,
            "do_sample": False,
            "details": True,
            "decoder_input_details": True,
            "return_full_text": False,
            **({"adapter_id": adapter} if adapter else {}),
        }
        reply = await self._post("/generate", {"inputs": text, "parameters": parameters})
        try:
            prefill = reply["details"]["prefill"]
            return [Token(t["id"], t["text"], t["logprob"], t.get("rank")) for t in prefill]
        except (KeyError, TypeError):
            raise RequestFailed("the reply to /generate has no details") from None

    async def greedy(self, text: str, tokens: int, stop: Sequence[str], adapter: str | None) -> tuple[str, list[int]]:
        """Greedy continuation of a raw prompt: its text and token ids."""
        parameters = {
            "max_new_tokens": tokens,
            "do_sample": False,
            "details": True,
            "stop": list(stop)[:4],
            "return_full_text": False,
            **({"adapter_id": adapter} if adapter else {}),
        }
        reply = await self._post("/generate", {"inputs": text, "parameters": parameters})
        return str(reply["generated_text"]), [token["id"] for token in reply["details"]["tokens"]]

    async def tokenize(self, text: str) -> list[int]:
        """The token ids that the server reads in a text."""
        return [token["id"] for token in await self._post("/tokenize", {"inputs": text})]

    async def _timed(self, path: str, body: Mapping[str, Any]) -> tuple[Any, float]:
        """The reply, and the seconds that its last attempt took (waiting for a slot is not the server's time)."""
        async with self._slots:
            return await self._tries(path, body)

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return (await self._timed(path, body))[0]

    async def _tries(self, path: str, body: Mapping[str, Any]) -> tuple[Any, float]:
        reason = ""
        for attempt in range(self.limits.attempts):
            if attempt:
                pause = min(self.limits.longest_pause, self.limits.first_pause * 2 ** (attempt - 1))
                await asyncio.sleep(pause * (0.5 + self._jitter.random()))
            started = time.perf_counter()
            try:
                return await self._once("POST", path, body), time.perf_counter() - started
            except _Again as error:
                reason = str(error)
        raise RequestFailed(f"{reason} ({self.limits.attempts} attempts)")

    async def _once(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        assert self._session is not None
        try:
            async with self._session.request(method, self.url + path, json=body) as reply:
                text = await reply.text()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _Again(f"{type(error).__name__}: {error}" if str(error) else "the request timed out") from None
        if reply.status in _RETRY_STATUS:
            raise _Again(f"HTTP {reply.status}: {text[:200]}")
        if reply.status >= 400:
            raise RequestFailed(f"HTTP {reply.status}: {text[:200]}")
        if not text:
            return {}
        try:
            return json.loads(text)
        except ValueError:
            raise _Again("the reply is not whole JSON") from None


class _Again(Exception):
    """A failure that another attempt may mend."""


def _chat_output(sample_id: str, reply: Any, seconds: float) -> Output:
    from huggingface_hub import ChatCompletionOutput

    try:
        parsed = ChatCompletionOutput.parse_obj_as_instance(reply)
        choice, usage = parsed.choices[0], parsed.usage
        return Output(
            sample_id,
            choice.message.content or "",
            choice.finish_reason,
            usage.prompt_tokens if usage else None,
            usage.completion_tokens if usage else None,
            seconds,
        )
    except (KeyError, TypeError, AttributeError, IndexError):
        raise RequestFailed("the reply to /v1/chat/completions lacks choices") from None
