"""OpenAI's API as values: vLLM, SGLang, and models that are only to be had behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from harness.client.http import Http, KeyRefused
from harness.client.interface import Limits, Piece, RequestFailed, Token
from harness.client.openai_models import model_identity, model_info, model_owner
from harness.client.openai_tokens import prompt_tokens, token_ids
from harness.client.replies import MOST_STOPS, chat_output, failed_output, form, whole_number
from harness.core.errors import OutsideError
from harness.core.samples import Json, Output
from harness.core.sampling import sampling_parameters
from harness.core.suites import Generation

_OPENAI = "OpenAI's API"
# What a server answers that has no such route, or not with these parameters.
_NO_ROUTE = frozenset({404, 405, 501})
_REFUSED = _NO_ROUTE | {400, 422}
_SHORT = "Hello"
DIED = (
    "the server died while it was asked for prompt log-probabilities. vLLM with LoRA dies of two such prompts in one "
    "batch, or of one beside another request: let nothing else ask it meanwhile, or serve the adapter merged into its "
    "base"
)


class OpenaiClient:
    """A connection pool to one server. `url` goes up to and with /v1; `model` is what the base is called there.

    `prefill_alone`: while a prompt's log-probabilities are asked for, nothing else is. vLLM with LoRA computes them
    with the adapters of the whole batch: that gives wrong numbers, or ends the server. `omit` are keys that no request
    has: some servers refuse a temperature of 0, or a seed.
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: str | None = None,
        concurrency: int = 16,
        limits: Limits | None = None,
        max_tokens_key: str = "max_tokens",
        prefill_alone: bool = True,
        omit: frozenset[str] = frozenset(),
    ) -> None:
        self.url, self.limits = url.rstrip("/"), limits or Limits()
        self._model, self._max_tokens_key, self._alone = model, max_tokens_key, prefill_alone
        self._omit, self._asking_owner = omit, asyncio.Lock()
        self._owner: str | None = None
        root = self.url.removesuffix("/v1")
        self._api = self.url.removeprefix(root)  # vLLM's own routes lie beside /v1
        source = "key_env (serve.openai, or the baseline's remote)"
        watched = replace(self.limits, watch=self._ended) if self.limits.watch else self.limits
        self._http = Http(root, key, source, concurrency, watched)

    async def __aenter__(self) -> Self:
        await self._http.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close(error)

    async def info(self) -> Mapping[str, Json]:
        """{"models": their names, sorted}, and of the base, where vLLM tells: "model_id", what its name stands for, and
        "max_total_tokens", which a prompt and its answer may have together.

        Raises OutsideError where the server does not answer.
        """
        try:
            listed = await self._http.get(f"{self._api}/models")
            with form(_OPENAI):
                return model_info(listed["data"], self._model)
        except RequestFailed as error:
            raise OutsideError(f"the server at {self.url} does not answer: {self._hinted(error)}") from None

    async def identity(self, adapter: str | None) -> Mapping[str, Json]:
        """What the list of models says of the base and the adapter; {} where there is none. Raises RequestFailed."""
        listed = await self._listed()
        with form(_OPENAI):
            return model_identity(listed, (self._model, adapter or self._model))

    async def alive(self) -> bool:
        """Whether the server answers: vLLM's /health, and where there is none (or not for us) the list of models."""
        try:
            await self._http.get("/health", self.limits.health)
            return True
        except KeyRefused:
            pass
        except RequestFailed as error:
            if not _is_refusal(error):
                return False
        try:
            await self._http.get(f"{self._api}/models", self.limits.health)
        except RequestFailed as error:
            return _is_refusal(error)
        return True

    async def is_plainly_greedy(self) -> bool:
        """Whether the server is known to be told that the model's own sampling rules do not count."""
        return bool(await self._sampling(None))

    async def chat(
        self, sample_id: str, messages: Sequence[Mapping[str, str]], generation: Generation, adapter: str | None
    ) -> Output:
        """One chat completion; the server applies the model's own template. Errors come back inside the Output.

        Raises OutsideError where no request can succeed (the key is refused, the deadline is over).
        """
        body: dict[str, Any] = {
            "model": adapter or self._model,
            "messages": messages,
            self._max_tokens_key: generation.max_new_tokens,
            "temperature": generation.temperature,
            "top_p": 1.0 if generation.top_p is None else generation.top_p,  # else vLLM takes the model's own default
            "seed": generation.seed,
        }
        if generation.stop:
            body["stop"] = generation.stop[:MOST_STOPS]
        try:
            body = self._without_omitted({**body, **await self._sampling(generation)})
            reply = await self._http.post(f"{self._api}/chat/completions", body)
            return chat_output(sample_id, reply, generation.stop, _OPENAI)
        except RequestFailed as error:
            return failed_output(sample_id, self._hinted(error))

    async def prefill(self, text: str, adapter: str | None, keep: int | None = None) -> list[Token]:
        """The tokens of a prompt with their ids and log-probabilities; empty where the server does not give both.

        `Token.text` is "", since ids come in its place.
        """
        try:
            reply = await self._complete(text, adapter, 1, echo=True, truncate_prompt_tokens=keep)
        except RequestFailed as error:
            if await self._gives_none(error, text, adapter):
                return []
            raise await self._worded(error, len(text)) from None
        with form(_OPENAI):
            return prompt_tokens(reply)

    async def _gives_none(self, error: RequestFailed, text: str, adapter: str | None) -> bool:
        """Whether the server has no prompt log-probabilities at all: it refuses those of a short prompt, too."""
        if error.status not in _REFUSED:
            return False
        # A model that the server does not know is not the same as a server without log-probabilities.
        if adapter is not None and adapter in str(error):
            return False
        if error.status in _NO_ROUTE or len(text) <= len(_SHORT):
            return True
        return not await self.prefill(_SHORT, adapter)

    async def _worded(self, error: RequestFailed, characters: int) -> RequestFailed:
        """What a prompt's log-probabilities failed of."""
        if error.status in _REFUSED:
            why = f"the server takes short prompts, and refuses one of {characters:,} characters: {error}"
            return RequestFailed(why, error.status, error.attempts)
        if self._http.broke_alone and not await self.alive():
            return RequestFailed(f"{DIED}. The last reply: {error}", None, error.attempts)
        return error

    def _ended(self) -> str | None:
        """What the watch says of a server that has died, and what it was asked for then."""
        died = self.limits.watch() if self.limits.watch else None
        return f"{died} In other words, {DIED}." if died and self._http.broke_alone else died

    def _hinted(self, error: RequestFailed) -> RequestFailed:
        """Of a URL without /v1 the error says nothing but that there is no such page."""
        if error.status not in _NO_ROUTE or self._api:
            return error
        hint = f"{error}. The URL {self.url} does not end in /v1; servers with OpenAI's API have it there"
        return RequestFailed(hint, error.status, error.attempts)

    async def greedy(
        self, text: str, tokens: int, stop: Sequence[str], adapter: str | None, keep: int | None = None
    ) -> tuple[str, list[int]]:
        """Greedy continuation of a raw prompt: its text (before a stop string), and its ids where the server tells."""
        reply = await self._complete(text, adapter, tokens, stop=stop[:MOST_STOPS], truncate_prompt_tokens=keep)
        with form(_OPENAI):
            choice = reply["choices"][0]
            spelled = (choice.get("logprobs") or {}).get("tokens") or []
            return str(choice["text"]), token_ids(spelled) or []

    async def tokenize(self, text: str) -> list[Piece]:
        """Raises RequestFailed: no server with this API tells which characters a token covers."""
        raise RequestFailed(
            "OpenAI's API does not tell which characters a token covers, so texts cannot be split into tokens there; "
            "serve the model with TGI or locally for this task.",
            attempts=0,
        )

    async def chat_tokens(self, messages: Sequence[Mapping[str, str]]) -> list[int] | None:
        """The token ids that the server makes of chat turns (vLLM's /tokenize); None where it does not tell."""
        try:
            reply = await self._http.post("/tokenize", {"model": self._model, "messages": messages})
        except RequestFailed as error:
            if error.status in _REFUSED:
                return None
            raise
        with form(_OPENAI):
            # llama.cpp has the route for texts alone, and answers chats with no token.
            return [whole_number(token) for token in reply.data["tokens"]] or None

    async def _complete(self, text: str, adapter: str | None, tokens: int, **more: object) -> Any:
        body = {
            "model": adapter or self._model,
            "prompt": text,
            "max_tokens": tokens,
            "temperature": 0,
            "top_p": 1.0,
            "logprobs": 1,
            "return_tokens_as_token_ids": True,
            **{key: value for key, value in more.items() if value},
            **await self._sampling(None),
        }
        alone = self._alone and bool(more.get("echo"))
        return (await self._http.post(f"{self._api}/completions", self._without_omitted(body), alone)).data

    def _without_omitted(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in body.items() if key not in self._omit}

    async def _sampling(self, generation: Generation | None) -> dict[str, Json]:
        """What this server must be told beside OpenAI's own parameters. Raises RequestFailed, OutsideError."""
        async with self._asking_owner:
            if self._owner is None:
                listed = await self._listed()
                with form(_OPENAI):
                    self._owner = model_owner(listed, self._model)
        given = generation.extras if generation else {}
        return sampling_parameters(
            self._owner, {key: value for key, value in given.items() if key not in self._omit}, self.url
        )

    async def _listed(self) -> Sequence[Mapping[str, Any]]:
        """The models that the server lists; none where it has no list, or not for us. Raises RequestFailed."""
        try:
            listed = await self._http.get(f"{self._api}/models")
        except KeyRefused:
            return ()
        except RequestFailed as error:
            if error.status in _NO_ROUTE:
                return ()
            raise
        with form(_OPENAI):
            return list(listed["data"])


def _is_refusal(error: RequestFailed) -> bool:
    """Whether the server is there and says no."""
    return error.status is not None and error.status < 500 and error.status != 429
