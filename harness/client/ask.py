"""Ask many samples with a bounded number in flight, and hand over each output as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.client.interface import Client
from harness.core.errors import OutsideError
from harness.core.samples import Output
from harness.core.suites import Generation


@dataclass(frozen=True, slots=True)
class Question:
    """One request: the sample it is for, and what to send. `repeat` counts from 0 where a sample is asked again."""

    task: str
    sample_id: str
    messages: Sequence[Mapping[str, str]]
    generation: Generation
    adapter: str | None
    repeat: int = 0


Keep = Callable[[Question, Output], None]
Step = Callable[[Client], Awaitable[None]]


async def ask_all(client: Client, questions: Iterable[Question | Step | None], workers: int, keep: Keep) -> None:
    """Ask every question once. `keep(question, output)` gets each output, as soon as it is there.

    Questions are taken one by one as workers become free, so a generator of many costs no memory. A step among them is
    taken by a worker in its turn. None is a pause: one that works long between two questions lets an interruption be
    heard. Raises OutsideError (in an ExceptionGroup) when the server is gone, and what `keep` or a step raises: what
    was kept stays, and no error is kept for the rest.
    """
    asking = _Asking(client, iter(questions), keep)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(asking.work()) for _ in range(workers)]
        try:
            await asyncio.wait(tasks)
        finally:
            asking.end()


class _Asking:
    """What the workers share.

    Whoever interrupts cancels each worker once. A request that ends in that moment may take the cancellation for its
    own and give an output all the same, so a worker asks itself, too, whether the work is over.
    """

    def __init__(self, client: Client, waiting: Iterable[Question | Step | None], keep: Keep) -> None:
        self._client, self._waiting, self._keep = client, waiting, keep
        self._check: asyncio.Task[bool] | None = None
        self._over = False

    def end(self) -> None:
        """No question is asked from now on."""
        self._over = True
        if self._check is not None:
            self._check.cancel()

    async def work(self) -> None:
        """Ask until nothing waits."""
        for question in self._waiting:
            self._go_on()
            if question is None:
                await asyncio.sleep(0)
                continue
            if not isinstance(question, Question):
                await question(self._client)
                continue
            output = await self._client.chat(
                question.sample_id, question.messages, question.generation, question.adapter
            )
            self._go_on()
            if output.lost and not await self._alive():
                raise OutsideError(f"the server is gone ({output.error}).")
            self._keep(question, replace(output, repeat=question.repeat) if question.repeat else output)

    def _go_on(self) -> None:
        """Raises CancelledError where the work is over."""
        if self._over:
            raise asyncio.CancelledError

    async def _alive(self) -> bool:
        """One check for all the failures of a burst; no task of the group, which takes none once it is ending."""
        if self._check is None or self._check.done():
            self._check = asyncio.create_task(self._client.alive())
        return await asyncio.shield(self._check)
