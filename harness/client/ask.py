"""Ask many samples with a bounded number in flight, and hand over each output as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.client.tgi import TgiClient
from harness.core.errors import OutsideError
from harness.core.releases import Generation
from harness.core.samples import Output


@dataclass(frozen=True, slots=True)
class Question:
    """One request: the sample it is for, and what to send."""

    task: str
    sample_id: str
    messages: Sequence[Mapping[str, str]]
    generation: Generation
    adapter: str | None


async def ask_all(
    client: TgiClient, questions: Iterable[Question], workers: int, keep: Callable[[str, Output], None]
) -> None:
    """Ask every question once. `keep(task, output)` gets each output.

    Raises OutsideError when the server is gone: what was kept stays, and no error is kept for the rest.
    """
    waiting = iter(questions)
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(_work(client, waiting, keep))


async def _work(client: TgiClient, waiting: Iterator[Question], keep: Callable[[str, Output], None]) -> None:
    for question in waiting:
        output = await client.chat(question.sample_id, question.messages, question.generation, question.adapter)
        if output.error is not None and not await client.alive():
            raise OutsideError(f"the server at {client.url} is gone ({output.error}).")
        keep(question.task, output)
