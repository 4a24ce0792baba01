"""TGI's API as values. Requests go over aiohttp directly: huggingface_hub's client takes 1.7 times as long on the same
requests and hides `details.prefill[].rank`. Types of replies are huggingface_hub's own.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
    health: float = 30.0


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
            await self._once("GET", "/health", None, self.limits.health)
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
            return _chat_output(sample_id, reply, seconds, generation.stop)
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
        with _shape("/generate"):
            prefill = reply["details"]["prefill"]
            return [Token(t["id"], t["text"], _finite(t["logprob"]), t.get("rank")) for t in prefill]

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
        with _shape("/generate"):
            return str(reply["generated_text"]), [token["id"] for token in reply["details"]["tokens"]]

    async def tokenize(self, text: str) -> list[int]:
        """The token ids that the server reads in a text."""
        reply = await self._post("/tokenize", {"inputs": text})
        with _shape("/tokenize"):
            return [token["id"] for token in reply]

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

    async def _once(self, method: str, path: str, body: Mapping[str, Any] | None, timeout: float | None = None) -> Any:
        assert self._session is not None
        limit = aiohttp.ClientTimeout(total=timeout or self.limits.timeout, connect=10)
        try:
            async with self._session.request(method, self.url + path, json=body, timeout=limit) as reply:
                text = await reply.text(errors="replace")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _Again(f"{type(error).__name__}: {error}" if str(error) else "the request timed out") from None
        if reply.status in (401, 403):
            raise OutsideError(
                f"the server at {self.url} refuses the key (HTTP {reply.status}). "
                "Put the right one into the environment variable that serve.remote.key_env names."
            )
        if reply.status >= 400:
            said = f"HTTP {reply.status}: {self._without_key(text)[:200]}"
            raise _Again(said) if reply.status in _RETRY_STATUS else RequestFailed(said)
        if method == "GET" and not text:
            return {}
        try:
            return json.loads(text)
        except ValueError:
            raise _Again("the reply is not whole JSON") from None

    def _without_key(self, text: str) -> str:
        """A server may repeat a request in its error; what it says ends in files."""
        return text.replace(self._key, "(the key)") if self._key else text


class _Again(Exception):
    """A failure that another attempt may mend."""


@contextmanager
def _shape(path: str) -> Iterator[None]:
    """A reply of another form than TGI's is a failed request, not a bug of ours."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, IndexError, ValueError):
        raise RequestFailed(f"the reply to {path} has not the form of TGI's") from None


def _finite(logprob: float | None) -> float | None:
    """NaN and infinities (weights that overflowed) are no log-probabilities."""
    return logprob if logprob is not None and math.isfinite(logprob) else None


def _chat_output(sample_id: str, reply: Any, seconds: float, stop: Sequence[str]) -> Output:
    from huggingface_hub import ChatCompletionOutput

    with _shape("/v1/chat/completions"):
        parsed = ChatCompletionOutput.parse_obj_as_instance(reply)
        choice, usage = parsed.choices[0], parsed.usage
        text = choice.message.content or ""
        for end in stop:  # TGI leaves the stop string in
            text = text.split(end)[0]
        return Output(
            sample_id,
            text,
            choice.finish_reason,
            usage.prompt_tokens if usage else None,
            usage.completion_tokens if usage else None,
            seconds,
        )
