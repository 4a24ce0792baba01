"""lm-eval's model class over an endpoint: log-likelihoods from prefill details, greedy text from token ids.

What is asked equals lm-eval's hf backend on the same weights, token by token. Imports lm-eval, so import this module
only where a task needs it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar

from lm_eval.api.model import TemplateLM
from lm_eval.models.utils import handle_stop_sequences, postprocess_generated_text

from harness.client.guard import Guard, ModelMismatch
from harness.client.interface import Client, RequestFailed, Token
from harness.client.lm_eval_asked import BEYOND, Asked, greedy_arguments, pair, prompt, windows
from harness.client.lm_eval_tokens import Tokens
from harness.core.errors import ConfigError, HarnessError, OutsideError
from harness.core.ids import digest_json
from harness.core.samples import Json

T = TypeVar("T")


class Memo(Protocol):
    """Finished requests by their keys: `hold` says that the first `position` (None: all) are proven to be of the right
    model, `drop` forgets those since the last hold."""

    def __getitem__(self, key: str, /) -> Any: ...
    def __setitem__(self, key: str, value: Any, /) -> None: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __len__(self) -> int: ...
    def hold(self, position: int | None = None) -> None: ...
    def drop(self) -> None: ...


class TgiLM(TemplateLM):  # type: ignore[misc]
    """The deployed model as lm-eval sees it.

    `connect` makes a client (one for each batch of requests, since lm-eval is synchronous); `base` is the folder of the
    base model, whose tokenizer says what lm-eval would score; `memo` keeps finished requests, so that an interrupted
    task goes on where it stopped; `moved(done, total)` reports progress; `guard` proves between the requests, and after
    the last one, that the model is still the one that was proven.

    Every method raises OutsideError where the server fails or reads other tokens than lm-eval would score, and
    ConfigError where the task cannot be asked at all.
    """

    def __init__(
        self,
        connect: Callable[[], Client],
        adapter: str | None,
        base: Path,
        memo: Memo,
        moved: Callable[[int, int], None],
        guard: Guard | None = None,
    ) -> None:
        super().__init__()
        self._guard = guard
        self._connect, self._adapter, self._memo, self._moved = connect, adapter, memo, moved
        self._tokens = Tokens(base)
        self._reading_checked = False

    @property
    def eot_token_id(self) -> int | None:
        """End of sequence."""
        return self._tokens.eos_id

    @property
    def prefix_token_id(self) -> int:
        """BOS, else EOS: what stands before a text without context."""
        return self._tokens.prefix_id

    @property
    def max_length(self) -> int:
        """Input tokens of a window: the model's own bound, or less where the server takes less at once.

        The server reads the last scored token as well, and at most BEYOND more, and makes one.
        """
        longest, room = self._tokens.max_length, self._tokens.max_length - 1
        room = min(_number(self._info, "max_input_tokens", room), _number(self._info, "max_total_tokens", longest) - 1)
        if room < BEYOND + 2:
            raise OutsideError(f"the server takes {room} input tokens at most; lm-eval needs {BEYOND + 2} or more.")
        return min(longest, room - 1 - BEYOND)

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **kwargs: Any) -> list[int]:
        """Token ids, as the hf backend reads the text."""
        return self._tokens.plain(string) if add_special_tokens is False else self._tokens.encode(string)

    @property
    def tokenizer_name(self) -> str:
        """What lm-eval's caches tell chat templates apart by; none is kept here."""
        return "base"

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """The prompt that the base model's chat template makes of turns."""
        return self._tokens.chat(chat_history, add_generation_prompt)

    def loglikelihood(self, requests: list[Any], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Log-likelihood (nats) of each continuation, and whether it is what greedy decoding would give."""
        found = self._kept("loglikelihood", [list(request.args) for request in requests], self._score)
        return [(float(value), bool(greedy)) for value, greedy in found]

    def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = False) -> list[float]:
        """Log-likelihood (nats) of each whole text, in windows as long as the model reads at once."""
        return self._kept("rolling", [request.args[0] for request in requests], self._roll)

    def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
        """Greedy text up to the first stop string, which is cut off."""
        asked = [[request.args[0], greedy_arguments(request.args[1])] for request in requests]
        return self._kept("generate_until", asked, self._generate)

    def _loglikelihood_tokens(self, requests: Any, **kwargs: Any) -> list[tuple[float, bool]]:
        raise NotImplementedError("a server takes text, not tokens")

    @cached_property
    def _info(self) -> Mapping[str, Json]:
        found: list[Mapping[str, Json]] = self._together([lambda client: client.info()])
        return found[0]

    async def _score(self, client: Client, given: list[str]) -> tuple[float, bool]:
        asked, before = pair(self._tokens, given[0], given[1], self.max_length)
        scored = await self._read(client, asked)
        return _sum(scored), await self._is_greedy(client, before, scored)

    async def _is_greedy(self, client: Client, before: Asked, scored: list[Token]) -> bool:
        ranks = [token.rank for token in scored]
        if None not in ranks:
            return not any(ranks)
        _, ids = await client.greedy(before.text, len(scored), (), self._adapter, before.keep)
        if not ids:
            raise OutsideError("the server tells neither ranks nor ids of tokens, so greedy answers cannot be told.")
        return ids == [token.id for token in scored]

    async def _roll(self, client: Client, text: str) -> float:
        parts = [_sum(await self._read(client, asked)) for asked in windows(self._tokens, text, self.max_length)]
        return math.fsum(parts)

    async def _generate(self, client: Client, given: list[Any]) -> str:
        most: int = given[1]["max_gen_toks"]
        until = handle_stop_sequences(list(given[1]["until"]), self._tokens.eos_text)
        if most >= self.max_length:
            raise ConfigError(f"the lm-eval task wants {most} new tokens; prompt and text may have {self.max_length}.")
        asked = prompt(self._tokens, given[0], self.max_length - most)
        if asked.keep or not self._reading_checked:
            await self._read(client, asked)
            self._reading_checked = True
        # Stop strings only save time here, so those that the server has no room for are not sent.
        stops = [stop for stop in until if stop and stop != self._tokens.eos_text]
        stops = stops[: _number(self._info, "max_stop_sequences", 4)]
        text, ids = await client.greedy(asked.text, most, stops, self._adapter, asked.keep)
        return str(postprocess_generated_text(self._tokens.decode(ids) if ids else text, until, None))

    async def _read(self, client: Client, asked: Asked) -> list[Token]:
        """The scored tokens, after all were compared with lm-eval's."""
        tokens = await client.prefill(asked.text, self._adapter, asked.keep)
        if not tokens:
            raise OutsideError(
                "the server gives no prefill log-probabilities. Start TGI with --enable-prefill-logprobs."
            )
        _compare([token.id for token in tokens], asked)
        return tokens[asked.start : asked.stop]

    def _kept(self, kind: str, items: list[Any], ask: Callable[[Client, Any], Coroutine[Any, Any, T]]) -> list[T]:
        keys = [digest_json([kind, item, self.max_length]) for item in items]
        while True:
            todo = {key: item for key, item in zip(keys, items, strict=True) if key not in self._memo}
            try:
                self._ask(todo, len(set(keys)), ask)
                return [self._memo[key] for key in keys]
            except ModelMismatch as change:
                self._again(change)

    def _ask(self, todo: dict[str, Any], total: int, ask: Callable[[Client, Any], Coroutine[Any, Any, Any]]) -> None:
        def one(key: str, item: Any) -> Callable[[Client], Coroutine[Any, Any, None]]:
            async def call(client: Client) -> None:
                self._memo[key] = await ask(client, item)
                todo.pop(key)
                self._moved(total - len(todo), total)
                if self._guard and self._guard.due():
                    position = len(self._memo)
                    await self._guard.look(client)
                    self._memo.hold(position)

            return call

        calls = [one(key, item) for key, item in todo.items()]
        if calls:
            self._together(calls)
        if calls and self._guard:
            self._together([self._guard.whole])
        self._memo.hold()

    def _again(self, change: ModelMismatch) -> None:
        guard = self._guard
        assert guard is not None
        self._memo.drop()
        self._together([lambda client: guard.again(client, change)])

    def _together(self, calls: list[Callable[[Client], Coroutine[Any, Any, T]]]) -> list[T]:
        async def all_of_them() -> list[T]:
            async with self._connect() as client, asyncio.TaskGroup() as group:
                tasks = [group.create_task(call(client)) for call in calls]
            return [task.result() for task in tasks]

        try:
            return asyncio.run(all_of_them())
        except* (RequestFailed, HarnessError, ModelMismatch) as failed:
            first = next((one for one in failed.exceptions if not isinstance(one, ModelMismatch)), failed.exceptions[0])
            if isinstance(first, ModelMismatch):
                raise first from None
            if isinstance(first, HarnessError):
                raise first from None
            raise OutsideError(f"the server failed while lm-eval was asking: {first}") from None


def _compare(read: list[int], asked: Asked) -> None:
    """Raises OutsideError unless the server read what lm-eval would score."""
    if read == list(asked.ids):
        return
    pairs = list(zip(read, asked.ids, strict=False))
    at = next((place for place, (ours, theirs) in enumerate(pairs) if ours != theirs), len(pairs))
    raise OutsideError(
        f"the server reads a text of an lm-eval task as other tokens than lm-eval scores: {len(read)} and "
        f"{len(asked.ids)}, the first that differs is number {at} of …{asked.text[-60:]!r}. Either its tokenizer is "
        "not the base model's, or the tokens of a context and its continuation join. Nothing was judged."
    )


def _number(info: Mapping[str, Json], key: str, default: int) -> int:
    found = info.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) else default


def _sum(tokens: list[Token]) -> float:
    """The log-likelihood of tokens. One without a log-probability would count as certain, so it is an error."""
    known = [token.logprob for token in tokens if token.logprob is not None]
    if len(known) < len(tokens):
        raise OutsideError("the server gives no log-probability for some tokens of a prompt.")
    return math.fsum(known)
