"""lm-eval's model class over a TGI endpoint: log-likelihoods from prefill details, greedy text from /generate.

Imports lm-eval, so import this module only where a task needs it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, MutableMapping
from typing import Any, TypeVar

from lm_eval.api.model import TemplateLM

from harness.client.tgi import RequestFailed, TgiClient, Token
from harness.core.errors import OutsideError
from harness.core.ids import digest_json

T = TypeVar("T")
Memo = MutableMapping[str, Any]


class TgiLM(TemplateLM):  # type: ignore[misc]
    """The deployed model as lm-eval sees it.

    `connect` makes a client (one for each batch of requests, since lm-eval is synchronous); `memo` keeps finished
    requests, so that an interrupted task goes on where it stopped; `moved(done, total)` reports progress.
    """

    def __init__(
        self,
        connect: Callable[[], TgiClient],
        adapter: str | None,
        memo: Memo,
        moved: Callable[[int, int], None],
    ) -> None:
        super().__init__()
        self._connect, self._adapter, self._memo, self._moved = connect, adapter, memo, moved

    @property
    def eot_token_id(self) -> int:
        """lm-eval uses it for empty contexts only, which this class refuses."""
        raise OutsideError("lm-eval asked for an empty context, which TGI cannot score.")

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **kwargs: Any) -> list[int]:
        """Token ids, as the server reads the text."""
        ids: list[int] = self._together([lambda client: client.tokenize(string)])[0]
        return ids

    def loglikelihood(self, requests: list[Any], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Log-likelihood (nats) of each continuation, and whether it is what greedy decoding would give."""
        pairs = [_split(*request.args) for request in requests]
        return self._kept("loglikelihood", pairs, lambda client, pair: self._score(client, *pair))

    def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
        """Greedy text up to the first stop string, which is cut off."""
        asked = [(context, dict(arguments)) for context, arguments in (request.args for request in requests)]
        return self._kept("generate_until", asked, lambda client, one: self._generate(client, *one))

    def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = False) -> list[float]:
        """Log-likelihood of a whole text given its first token, in one window."""
        texts = [request.args[0] for request in requests]
        return self._kept("rolling", texts, self._roll)

    def _loglikelihood_tokens(self, requests: Any, **kwargs: Any) -> list[tuple[float, bool]]:
        raise NotImplementedError("TGI takes text, not tokens")

    async def _score(self, client: TgiClient, context: str, continuation: str) -> tuple[float, bool]:
        tokens, ids = await asyncio.gather(
            client.prefill(context + continuation, self._adapter), client.tokenize(context)
        )
        scored = _need_logprobs(tokens)[len(ids) :]
        if [token.id for token in tokens[: len(ids)]] != ids or not scored:
            raise OutsideError(
                f"the server joins the tokens of a context and its continuation ({continuation[:40]!r}), "
                "so the continuation cannot be scored alone."
            )
        return _sum(scored), await self._is_greedy(client, context, scored)

    async def _is_greedy(self, client: TgiClient, context: str, scored: list[Token]) -> bool:
        ranks = [token.rank for token in scored]
        if None not in ranks:
            return all(rank == 0 for rank in ranks)
        _, ids = await client.greedy(context, len(scored), (), self._adapter)
        return ids == [token.id for token in scored]

    async def _generate(self, client: TgiClient, context: str, arguments: dict[str, Any]) -> str:
        if arguments.get("do_sample") or float(arguments.get("temperature") or 0) > 0:
            raise OutsideError("this lm-eval task samples; only greedy tasks give the same result every time.")
        until = arguments.get("until") or []
        stops = [until] if isinstance(until, str) else list(until)
        text, _ = await client.greedy(context, int(arguments.get("max_gen_toks", 256)), stops, self._adapter)
        for stop in stops:
            text = text.split(stop)[0]
        return text

    async def _roll(self, client: TgiClient, text: str) -> float:
        return _sum(_need_logprobs(await client.prefill(text, self._adapter))[1:])

    def _kept(self, kind: str, items: list[Any], ask: Callable[[TgiClient, Any], Coroutine[Any, Any, T]]) -> list[T]:
        keys = [digest_json([kind, item]) for item in items]
        todo = {key: item for key, item in zip(keys, items, strict=True) if key not in self._memo}
        done = len(items) - len(todo)

        def one(key: str, item: Any) -> Callable[[TgiClient], Coroutine[Any, Any, None]]:
            async def call(client: TgiClient) -> None:
                nonlocal done
                self._memo[key] = await ask(client, item)
                done += 1
                self._moved(done, len(items))

            return call

        self._together([one(key, item) for key, item in todo.items()])
        return [self._memo[key] for key in keys]

    def _together(self, calls: list[Callable[[TgiClient], Coroutine[Any, Any, T]]]) -> list[T]:
        async def all_of_them() -> list[T]:
            async with self._connect() as client, asyncio.TaskGroup() as group:
                tasks = [group.create_task(call(client)) for call in calls]
            return [task.result() for task in tasks]

        try:
            return asyncio.run(all_of_them())
        except* (RequestFailed, OutsideError) as failed:
            raise OutsideError(f"the server failed while lm-eval was asking: {failed.exceptions[0]}") from None


def _split(context: str, continuation: str) -> tuple[str, str]:
    """lm-eval's rule: space at the end of the context belongs to the continuation."""
    spaces = len(context) - len(context.rstrip())
    return (context[:-spaces], context[-spaces:] + continuation) if spaces else (context, continuation)


def _sum(tokens: list[Token]) -> float:
    """The log-likelihood of tokens. One without a log-probability would count as certain, so it is an error."""
    known = [token.logprob for token in tokens if token.logprob is not None]
    if len(known) < len(tokens):
        raise OutsideError("the server gives no log-probability for some tokens of a prompt.")
    return math.fsum(known)


def _need_logprobs(tokens: list[Token]) -> list[Token]:
    if not tokens:
        raise OutsideError("the server gives no prefill log-probabilities. Start TGI with --enable-prefill-logprobs.")
    return tokens
