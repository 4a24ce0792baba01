"""Ask a model about samples: from the journal what an earlier try finished, from the cache what was asked before."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from harness import catalog
from harness.client.ask import Question, Step, ask_all
from harness.client.guard import Guard, ModelMismatch
from harness.client.interface import Client
from harness.config.templates import messages
from harness.core.errors import OutsideError
from harness.core.events import Event
from harness.core.ids import digest_bytes
from harness.core.runs import Model
from harness.core.samples import Json, Output, Sample
from harness.core.suites import Prompt, Task
from harness.pipeline.running.few_shot import Shot, choose
from harness.pipeline.running.lost_requests import HopelessRun, LostRequests
from harness.pipeline.running.session import Session
from harness.store.journal import Journal
from harness.store.records import output_from_json, output_to_json

PAUSE_EVERY = 200
# Rises when a reply comes to be read otherwise: what an answer was read as before is then no longer kept for it.
REPLY_FORMAT = 2


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples of a task asked with one prompt; `name` is what the journal keeps them under."""

    name: str
    task: Task
    samples: tuple[Sample, ...]
    prompt: Prompt

    @property
    def total(self) -> int:
        """How many outputs there will be."""
        return len(self.samples) * self.task.repeats


@dataclass(frozen=True, slots=True)
class Asker:
    """Who is asked, on which server (its identity goes into the cache's keys), and what people call it.

    `guard` proves between the samples that the model is still the one that was proven (None: nobody can tell). With
    `only_held`, what an earlier try was answered counts up to its last proof alone; with `names`, outputs keep what the
    replies name as the model.
    """

    session: Session
    model: Model
    server: Mapping[str, Json]
    title: str
    guard: Guard | None = None
    only_held: bool = False
    names: bool = False

    def journal(self, folder: Path) -> Journal:
        """What an earlier try left in the run's folder. Raises OutsideError where it can't be used."""
        return Journal(folder, self.only_held)

    async def ask(self, batches: Iterable[Batch], journal: Journal) -> None:
        """Every output that the journal lacks goes into it, and is proven to be of the right model.

        What came after the last proof that held is asked again where the server changed. Raises OutsideError where the
        server is gone, serves another model in the end, or fails so much that the rest is of no use.
        """
        batches, watch = tuple(batches), self.session.watch
        total = sum(batch.total for batch in batches)
        if journal.done:
            watch(Event(self.title, "note", f"going on after {len(journal.done)} of {total} samples"))
        async with self.session.connect() as client:
            while True:
                try:
                    await _Round(self, batches, journal, client, total).ask()
                    return
                except ModelMismatch as change:
                    assert self.guard is not None
                    lost = journal.drop()
                    watch(Event(self.title, "note", f"{change}: {lost} answers since the last proof do not count"))
                    await self.guard.again(client, change)

    def questions(self, batches: Iterable[Batch], journal: Journal) -> Iterator[Question]:
        """All that the journal has no output for."""
        adapter = self.session.adapter(self.model)
        for batch in batches:
            shots, seed = self._shots(batch.task), batch.task.generation.seed
            generations = [replace(batch.task.generation, seed=seed + r) for r in range(batch.task.repeats)]
            for sample in batch.samples:
                todo = [r for r in range(batch.task.repeats) if (batch.name, sample.id, r) not in journal.done]
                turns = messages(batch.prompt, sample.row, shots) if todo else []
                for repeat in todo:
                    yield Question(batch.name, sample.id, turns, generations[repeat], adapter, repeat)

    def _shots(self, task: Task) -> tuple[Shot, ...]:
        kind = catalog.build("tasks", task.kind, task.arguments)
        return choose(task, kind, self.model.few_shot, self.session.release.seed)

    def key(self, question: Question) -> str:
        """All that an answer depends on. The model by its bytes: a name on a server may come to mean another one."""
        generation, model = question.generation, self.model
        given = {
            "base": model.base_digest, "adapter": model.adapter_digest, "server": dict(self.server),
            "messages": question.messages, "repeat": question.repeat, "format": REPLY_FORMAT,
            "generation": [
                generation.max_new_tokens, generation.temperature, generation.top_p, generation.seed, generation.stop,
                *([generation.extras] if generation.extras else []),
            ],
        }  # fmt: skip
        return digest_bytes(orjson.dumps(given, option=orjson.OPT_SORT_KEYS))


class _Round:
    """All questions once, with proofs woven between them and one at the end."""

    def __init__(self, asker: Asker, batches: Sequence[Batch], journal: Journal, client: Client, total: int) -> None:
        self._asker, self._batches, self._journal, self._client = asker, batches, journal, client
        self._total, self._guard, self._cache = total, asker.guard, asker.session.cache
        self._recalls = self._cache is not None and not self._cache.is_empty
        policy = asker.session.release.policy
        totals = {batch.name: batch.total for batch in batches}
        self._losses = LostRequests(totals, policy.max_not_evaluated, policy.max_refused)
        self._keys: dict[tuple[str, str, int], str] = {}
        self._asked = 0

    async def ask(self) -> None:
        """Raises ModelMismatch, OutsideError."""
        try:
            await ask_all(self._client, self._open(), self._asker.session.concurrency, self._keep)
        except BaseExceptionGroup as failed:
            first = _first(failed)
            if isinstance(first, HopelessRun):
                with contextlib.suppress(ModelMismatch, OutsideError):  # what was answered is kept where it is proven
                    await self._prove()
            raise first from None
        await self._prove()

    async def _prove(self) -> None:
        if self._guard is not None and self._asked:
            await self._guard.whole(self._client)
        self._hold(self._journal.position)

    async def _look(self, client: Client) -> None:
        """A fixed prompt between the samples: it proves what was there before it was asked."""
        assert self._guard is not None
        position = self._journal.position
        await self._guard.look(client)
        self._hold(position)

    def _hold(self, position: int) -> None:
        """Only answers of a model that was proven after them, too, may be taken for its answers later."""
        for task, output in self._journal.hold(position):
            key = self._keys.pop((task, output.sample_id, output.repeat), None)
            if self._cache is not None and key and output.error is None and not output.cached:
                self._cache.put(key, output_to_json(output))

    def _keep(self, question: Question, output: Output) -> None:
        if not output.cached:
            self._asked += 1
            if self._guard is not None:
                self._guard.named(output.model)
        output = output if self._asker.names else replace(output, model=None)
        output = self._journal.add(question.task, output)
        if self._cache is not None and not output.cached:
            self._keys[question.task, output.sample_id, output.repeat] = self._asker.key(question)
        done = Event(self._asker.title, "move", "asking", len(self._journal.done), self._total)
        self._asker.session.watch(done)
        if not output.cached:
            self._losses.count(question.task, output)

    def _open(self) -> Iterator[Question | Step | None]:
        """The questions that neither journal nor cache can answer; None now and then among many that the cache can."""
        recalled = 0
        for question in self._asker.questions(self._batches, self._journal):
            output = self._recalled(question)
            if output is None:
                if self._guard is not None and self._guard.due():
                    yield self._look
                yield question
                continue
            self._keep(question, output)
            recalled += 1
            if recalled % PAUSE_EVERY == 0:
                yield None
        if recalled:
            text = f"{recalled} answers came from the cache (--again asks them anew)"
            self._asker.session.watch(Event(self._asker.title, "note", text))

    def _recalled(self, question: Question) -> Output | None:
        stored = self._cache.get(self._asker.key(question)) if self._cache is not None and self._recalls else None
        if stored is None:
            return None
        output = output_from_json(stored)
        return replace(output, sample_id=question.sample_id, repeat=question.repeat, cached=True)


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """What ended a round: an interruption before all else, then a server that is gone, then one that changed."""
    leaves = list(_leaves(failed))
    for kind in (OutsideError, ModelMismatch):
        others = [error for error in leaves if not isinstance(error, (OutsideError, ModelMismatch))]
        if others:
            return failed
        for error in leaves:
            if isinstance(error, kind):
                return error
    return failed


def _leaves(failed: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in failed.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
