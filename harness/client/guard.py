"""Does the model that was proven still answer? Asked between the samples, after the last one, and before more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from harness.client.interface import Client, RequestFailed
from harness.client.model_reference import ModelReference, ReferencePrompt, greedy_answer, mean_gap
from harness.core.errors import OutsideError

# A fixed prompt is woven between the samples after so many of them, or so many seconds.
EVERY, SECONDS = 50, 30.0
# After a proof that failed: proofs at once, so that one bad replica behind an address is hit; and how often a run may
# go on after its server changed for a while.
ROUNDS, CHANGES = 4, 2
_TRIES, _PAUSE = 3, 0.3

T = TypeVar("T")


class ModelMismatch(Exception):
    """Another model answers than the one that was proven; the message says by what that was seen."""


class Guard:
    """Holds one model's server, for one run, against what the model is known by.

    Each method raises ModelMismatch where the model is another one, OutsideError where no request can succeed.
    `requests` counts what was sent for it.
    """

    def __init__(
        self,
        known: ModelReference,
        adapter: str | None,
        every: int | None = None,
        seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.known, self.requests, self.changes = known, 0, 0
        self._adapter, self._clock = adapter, clock
        self._every, self._seconds = every or EVERY, SECONDS if seconds is None else seconds
        self._since, self._last, self._turn = 0, clock(), 0
        self._name = known.name

    def due(self) -> bool:
        """Whether a fixed prompt is to come before the next sample; counts the sample."""
        self._since += 1
        if self._since <= self._every and self._clock() - self._last < self._seconds:
            return False
        self._since, self._last = 0, self._clock()
        return True

    def named(self, name: str | None) -> None:
        """A reply named its model: another name than that of the asked alias is right, two names in a run are not."""
        if name is None:
            return
        self._name = name if self._name is None else self._name
        if name != self._name:
            raise ModelMismatch(f"a reply names the model '{name}', and earlier ones '{self._name}'")

    async def look(self, client: Client) -> None:
        """What the server says of itself, and one fixed prompt: the next one each time."""
        await self._compare_identity(client)
        self._turn += 1
        if self.known.prompts:
            await self._compare(client, self.known.prompts[self._turn % len(self.known.prompts)])
        elif self.known.texts:
            text = self.known.texts[self._turn % len(self.known.texts)]
            if await self._answer(client, text.question) != text.answer:
                await self._compare_texts(client)

    async def whole(self, client: Client) -> None:
        """What the server says of itself, and every fixed prompt."""
        await self._compare_identity(client)
        for prompt in self.known.prompts:
            await self._compare(client, prompt)
        if self.known.texts:
            await self._compare_texts(client)

    async def again(self, client: Client, change: ModelMismatch) -> None:
        """After a change: raises OutsideError unless the model that was proven is there again, alone, and stays."""
        self.changes += 1
        held, failed = 0, []
        for _ in range(ROUNDS):
            try:
                await self.whole(client)
                held += 1
            except ModelMismatch as another:
                failed.append(another)
        if failed and held:
            raise OutsideError(
                f"the answers come from two different models: {change}, and of {ROUNDS} proofs after that {held} held. "
                "One of several servers behind the address serves another model. Nothing was judged; serve the same "
                "model on all of them, and run the same command again."
            )
        if failed:
            raise OutsideError(
                f"the server does not serve the model any more that was proven before the first sample: {failed[-1]}. "
                "What it answered since the last proof that held does not count. Nothing was judged; serve the same "
                "base model and adapter again, and run the same command."
            )
        if self.changes > CHANGES:
            raise OutsideError(
                f"the served model changed {self.changes} times during this run, the last time so: {change}. Nothing "
                "was judged; find out what restarts the server, and run the same command again."
            )

    async def _compare_identity(self, client: Client) -> None:
        if not self.known.identity:
            return
        try:
            now = await self._sent(lambda: client.identity(self._adapter))
        except OutsideError as error:
            raise ModelMismatch(str(error).rstrip(".")) from None
        for key, meant in self.known.identity.items():
            if now.get(key) != meant:
                raise ModelMismatch(
                    f"the server now says {key} '{now.get(key)}', and said '{meant}' when it was proven"
                )

    async def _compare(self, client: Client, prompt: ReferencePrompt) -> None:
        tokens = await self._sent(lambda: client.prefill(prompt.text, self._adapter))
        if all(token.logprob is None for token in tokens):
            raise ModelMismatch("the server gives no prefill log-probabilities any more")
        if tuple(token.id for token in tokens) != prompt.ids:
            raise ModelMismatch(f"the server reads {prompt.text[:30]!r}… as other tokens than before")
        gap = mean_gap([token.logprob for token in tokens], prompt.logprobs)
        if gap is None or not gap <= prompt.limit:
            moved = "are none any more" if gap is None else f"moved by {gap:.3g} nats a token"
            raise ModelMismatch(
                f"the log-probabilities of the fixed prompt {prompt.text[:30]!r}… {moved} (at most "
                f"{prompt.limit:.2g} may be)"
            )

    async def _compare_texts(self, client: Client) -> None:
        """Most of the answers have to be those of before: one may fall on a tie."""
        answers = [await self._answer(client, text.question) for text in self.known.texts]
        others = [text.question for text, now in zip(self.known.texts, answers, strict=True) if now != text.answer]
        if 2 * len(others) > len(answers):
            raise ModelMismatch(f"the greedy answer to the fixed prompt {others[0][:30]!r}… is another one than before")

    async def _answer(self, client: Client, question: str) -> str | None:
        self.requests += 1
        return await greedy_answer(client, self._adapter, question)

    async def _sent(self, send: Callable[[], Awaitable[T]]) -> T:
        for attempt in range(_TRIES):
            self.requests += 1
            try:
                return await send()
            except RequestFailed as error:
                failure = error
            await asyncio.sleep(_PAUSE * attempt)
        raise ModelMismatch(f"the server fails the request that proves its model: {failure}") from None
