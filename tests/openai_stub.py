"""A server that speaks OpenAI's API over a real socket: as vLLM does, or as one with chat alone."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.tgi_stub import ADAPTER, Reply, Stub, words

MODEL = "base-model"


@dataclass
class OpenaiStub(Stub):
    """`vllm` False: no completions, no /tokenize, no /health, no /version. The models are MODEL and ADAPTER.

    `echo` and `ids` tell whether completions heed `echo` and `return_tokens_as_token_ids`; `healthy` is what vLLM's
    /health says; `unlisted` leaves out the list of models. `longest` is the longest prompt in tokens, `max_model_len`
    what is told of it, and `beside_prefill` counts requests that came while a prompt's log-probabilities were computed,
    or the other way round. `dies_of_prefill`: such a request ends the server.
    """

    vllm: bool = True
    echo: bool = True
    ids: bool = True
    healthy: bool = True
    unlisted: bool = False
    version: str = "0.32.0"
    root: str = "/models/base"
    owner: str = "stub"
    refuses_completions: int | None = None
    longest: int | None = None
    max_model_len: int | None = None
    dies_of_prefill: bool = False
    beside_prefill: int = 0
    now: int = 0
    _prefills: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST" or self.is_dead:
            return await self._counted(request)
        self.asked.append((request.path, None, request.headers.get("Authorization")))
        return self._get(request)

    async def _counted(self, request: web.Request) -> web.StreamResponse:
        prefill = request.method == "POST" and "echo" in await request.json()
        self.beside_prefill += self.now > 0 if prefill else self._prefills > 0
        self.now, self._prefills = self.now + 1, self._prefills + prefill
        if prefill and self.dies_of_prefill:
            self.dies_after = 0
        try:
            if prefill:
                await asyncio.sleep(self.delay)
            return await super().handle(request)
        finally:
            self.now, self._prefills = self.now - 1, self._prefills - prefill

    def _get(self, request: web.Request) -> web.Response:
        if self.vllm and request.path == "/health":
            return web.Response(status=200 if self.healthy else 503)
        if self.vllm and request.path == "/version":
            return web.json_response({"version": self.version})
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return web.Response(status=401)
        if request.path != "/v1/models" or self.unlisted:
            return web.json_response({"detail": "Not Found"}, status=404)
        rows = [{"id": MODEL, "created": len(self.asked), "root": self.root, "parent": None, "owned_by": self.owner}]
        rows.append({"id": ADAPTER, "created": len(self.asked), "root": "/models/tuned", "parent": MODEL})
        rows[0] |= {"max_model_len": self.max_model_len} if self.max_model_len else {}
        return web.json_response({"object": "list", "data": rows})

    def routes(self) -> dict[str, Callable[[Any], Awaitable[Reply | int]]]:
        chat = {"/v1/chat/completions": self._chat_of_a_known_model}
        return {**chat, "/v1/completions": self._complete, "/tokenize": self._ids_of} if self.vllm else chat

    async def _chat_of_a_known_model(self, body: Any) -> Reply | int:
        return 404 if self._is_unknown(body) else await self._chat(body)

    async def _complete(self, body: Any) -> Reply | int:
        if self._is_unknown(body):
            return 404
        if self.refuses_completions:
            return self.refuses_completions
        prompt = words(body["prompt"])
        if self.longest is not None and len(prompt) > self.longest:
            return 400
        made = words(self.likeliest(body["prompt"]))[: body["max_tokens"]]
        adapter = body["model"] if body["model"] == ADAPTER else None
        echoed = self.echo and bool(body.get("echo"))
        rows = [self._scored(word, place, adapter) for place, word in enumerate(prompt)] if echoed else []
        rows += [{"id": zlib.crc32(w.encode()), "text": w, "logprob": -0.1} for w in made]
        named = [f"token_id:{row['id']}" if self.ids else row["text"] for row in rows]
        tops = [
            None if row["logprob"] is None else {name: row["logprob"], "token_id:1": -1.0}
            for name, row in zip(named, rows, strict=True)
        ]
        told = {"tokens": named, "token_logprobs": [row["logprob"] for row in rows], "top_logprobs": tops}
        return {
            "object": "text_completion", "model": body["model"],
            "choices": [{"index": 0, "text": "".join(row["text"] for row in rows), "logprobs": told}],
            "usage": {"prompt_tokens": len(prompt), "completion_tokens": len(made)},
        }  # fmt: skip

    async def _ids_of(self, body: Any) -> Reply | int:
        pieces = (await self._chat_tokenize(body))["tokenize_response"]  # type: ignore[call-overload, index]
        return {"tokens": [piece["id"] for piece in pieces], "count": len(pieces), "max_model_len": 2048}

    def _is_unknown(self, body: Any) -> bool:
        """vLLM names the model that it does not know."""
        if body["model"] in (MODEL, ADAPTER):
            return False
        self.error_text = f"The model `{body['model']}` does not exist."
        return True
