"""TGI's API as values.

Requests go over aiohttp directly, and replies are read by hand: huggingface_hub's AsyncInferenceClient takes 1.7 times
as long on the same 2,000 chat requests (3.5 s, a bare aiohttp loop 2.1 s) and hides `details.prefill[].rank`; its reply
types alone cost 0.4 s (0.1 s to import, 0.3 s to parse). The tests hold what is read here to those types.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from harness.client.http import Http
from harness.client.interface import Limits, Piece, RequestFailed, Token
from harness.client.replies import MOST_STOPS, chat_output, failed_output, form, logprob, text, whole_number
from harness.core.errors import OutsideError
from harness.core.samples import Json, Output
from harness.core.suites import Generation

# What TGI takes as "no adapter"; every other name selects one.
BASE = "tgi"

_TGI = "TGI's API"
# TGI's chat API makes its repetition_penalty of presence_penalty plus this.
_PENALTY_OFFSET = 2.0
_IDENTITY = ("model_id", "model_sha", "model_dtype", "version", "sha", "docker_label")


class TgiClient:
    """A connection pool to one TGI server. Use as an asynchronous context manager.

    `ends` are how the model's end-of-sequence tokens are spelled. TGI counts the tokens of an answer before it looks
    for them, and says `length` of one that ends with the last token allowed; so the tokens of each answer are asked for
    where `ends` are known.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        concurrency: int = 16,
        limits: Limits | None = None,
        ends: Collection[str] = (),
    ) -> None:
        self.url, self.limits, self._ends = url.rstrip("/"), limits or Limits(), ends
        self._http = Http(self.url, key, "serve.remote.key_env", concurrency, self.limits)

    async def __aenter__(self) -> Self:
        await self._http.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close(error)

    async def info(self) -> Mapping[str, Json]:
        """What `/info` says. Raises OutsideError where the server does not answer."""
        try:
            with form(_TGI):
                return dict(await self._http.get("/info"))
        except RequestFailed as error:
            raise OutsideError(f"the server at {self.url} does not answer: {error}") from None

    async def identity(self, adapter: str | None) -> Mapping[str, Json]:
        """Of `/info` what stays the same for as long as the same model is served. Raises RequestFailed."""
        with form(_TGI):
            told = dict(await self._http.get("/info"))
            return {key: str(told[key]) for key in _IDENTITY if told.get(key) is not None}

    async def alive(self) -> bool:
        """Whether the server says that it is healthy."""
        try:
            await self._http.get("/health", self.limits.health)
        except RequestFailed:
            return False
        return True

    async def chat(
        self, sample_id: str, messages: Sequence[Mapping[str, str]], generation: Generation, adapter: str | None
    ) -> Output:
        """One chat completion; the server applies the model's own template. Errors come back inside the Output.

        Raises OutsideError where no request can succeed (the key is refused, the deadline is over).
        """
        body: dict[str, Any] = {
            "model": adapter or BASE,
            "messages": messages,
            "max_tokens": generation.max_new_tokens,
            "temperature": generation.temperature,  # TGI samples where there is none
            "seed": generation.seed,
        }
        if self._ends:
            body["logprobs"] = True
        if generation.stop:
            body["stop"] = generation.stop[:MOST_STOPS]
        if generation.top_p is not None:  # TGI refuses 1.0
            body["top_p"] = generation.top_p
        body |= self._penalty(generation)
        try:
            reply = await self._http.post("/v1/chat/completions", body)
            return chat_output(sample_id, reply, generation.stop, _TGI, self._ends)
        except RequestFailed as error:
            return failed_output(sample_id, error)

    def _penalty(self, generation: Generation) -> dict[str, float]:
        """A repetition penalty as TGI's chat API takes it. Raises OutsideError for rules that it does not know."""
        unknown = [name for name in generation.extras if name != "repetition_penalty"]
        if unknown:
            raise OutsideError(f"TGI's chat API takes no {' and no '.join(unknown)}: take it out of 'generation'.")
        given = generation.repetition_penalty
        return {} if given is None else {"presence_penalty": given - _PENALTY_OFFSET}

    async def is_plainly_greedy(self) -> bool:
        """TGI takes nothing but the end of sequence from the model's generation_config.json."""
        return True

    async def prefill(self, text: str, adapter: str | None, keep: int | None = None) -> list[Token]:
        """The tokens of a prompt (its last `keep`) with their log-probabilities; empty where the server gives none."""
        details = await self._generate(text, adapter, max_new_tokens=1, decoder_input_details=True, truncate=keep)
        with form(_TGI):
            return [_token(token) for token in details["details"]["prefill"]]

    async def greedy(
        self, text: str, tokens: int, stop: Sequence[str], adapter: str | None, keep: int | None = None
    ) -> tuple[str, list[int]]:
        """Greedy continuation of a raw prompt: its text (a stop string left in) and token ids."""
        reply = await self._generate(text, adapter, max_new_tokens=tokens, stop=stop[:MOST_STOPS], truncate=keep)
        with form(_TGI):
            return str(reply["generated_text"]), [whole_number(token["id"]) for token in reply["details"]["tokens"]]

    async def tokenize(self, text: str) -> list[Piece]:
        """The tokens that the server reads in a text, special tokens that it adds included."""
        reply = await self._http.post("/tokenize", {"inputs": text})
        with form(_TGI):
            return _pieces(text, reply.data)

    async def chat_tokens(self, messages: Sequence[Mapping[str, str]]) -> list[int] | None:
        """The token ids that the server makes of chat turns; None where it has no such route."""
        try:
            reply = await self._http.post("/chat_tokenize", {"messages": messages})
        except RequestFailed as error:
            if error.status in (404, 405):
                return None
            raise
        with form(_TGI):
            return [whole_number(token["id"]) for token in reply.data["tokenize_response"]]

    async def _generate(self, text: str, adapter: str | None, **parameters: object) -> Any:
        """`/generate`, greedy (TGI samples where it is not told), with details of the tokens."""
        parameters = {key: value for key, value in parameters.items() if value is not None}
        parameters |= {"do_sample": False, "details": True, "return_full_text": False}
        if adapter:
            parameters["adapter_id"] = adapter
        return (await self._http.post("/generate", {"inputs": text, "parameters": parameters})).data


def _token(token: Any) -> Token:
    rank = token.get("rank")
    return Token(
        whole_number(token["id"]),
        text(token["text"]),
        logprob(token["logprob"]),
        None if rank is None else whole_number(rank),
    )


def _pieces(asked: str, tokens: Any) -> list[Piece]:
    """Offsets beyond the last character are bytes, as Rust's tokenizers count; they become characters."""
    spans = [(whole_number(token["id"]), whole_number(token["start"]), whole_number(token["stop"])) for token in tokens]
    if all(stop <= len(asked) for _, _, stop in spans):
        return [Piece(*span) for span in spans]
    coded = asked.encode()
    return [Piece(id, _characters(coded[:start]), _characters(coded[:stop])) for id, start, stop in spans]


def _characters(coded: bytes) -> int:
    return len(coded.decode(errors="ignore"))
