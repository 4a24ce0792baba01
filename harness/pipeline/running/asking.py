"""Ask a model about samples: from the journal what an earlier try finished, from the cache what was asked before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import orjson

from harness import catalog
from harness.client.ask import Question, ask_all
from harness.config.templates import messages
from harness.core.errors import OutsideError
from harness.core.events import Event
from harness.core.ids import digest_bytes
from harness.core.releases import Prompt, Task
from harness.core.runs import Model
from harness.core.samples import Json, Output, Sample
from harness.pipeline.running.few_shot import Shot, choose
from harness.pipeline.running.session import Session
from harness.store.journal import Journal
from harness.store.records import output_from_json, output_to_json

PAUSE_EVERY = 200

Keep = Callable[[Question, Output], None]


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
    """Who is asked, on which server (its identity goes into the cache's keys), and what people call it."""

    session: Session
    model: Model
    server: Mapping[str, Json]
    title: str

    async def ask(self, batches: Iterable[Batch], journal: Journal) -> None:
        """Every output that the journal lacks goes into it. Raises OutsideError where the server is gone."""
        batches, watch, cache = tuple(batches), self.session.watch, self.session.cache
        total = sum(batch.total for batch in batches)
        if journal.done:
            watch(Event(self.title, "note", f"going on after {len(journal.done)} of {total} samples"))

        def keep(question: Question, output: Output) -> None:
            output = journal.add(question.task, output)
            if cache is not None and output.error is None and not output.cached:
                cache.put(self._key(question), output_to_json(output))
            watch(Event(self.title, "move", "asking", len(journal.done), total))

        async with self.session.connect() as client:
            try:
                await ask_all(client, self._open(batches, journal, keep), self.session.concurrency, keep)
            except* OutsideError as failed:
                raise failed.exceptions[0] from None

    def _open(self, batches: Iterable[Batch], journal: Journal, keep: Keep) -> Iterator[Question | None]:
        """The questions that neither journal nor cache can answer; None now and then among many that the cache can."""
        if (cache := self.session.cache) is None or cache.is_empty:
            yield from self._questions(batches, journal)
            return
        recalled = 0
        for question in self._questions(batches, journal):
            known = cache.get(self._key(question))
            if known is None:
                yield question
                continue
            found = output_from_json(known)
            keep(question, replace(found, sample_id=question.sample_id, repeat=question.repeat, cached=True))
            recalled += 1
            if recalled % PAUSE_EVERY == 0:
                yield None
        if recalled:
            text = f"{recalled} answers came from the cache (--again asks them anew)"
            self.session.watch(Event(self.title, "note", text))

    def _questions(self, batches: Iterable[Batch], journal: Journal) -> Iterator[Question]:
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

    def _key(self, question: Question) -> str:
        """All that an answer depends on. The model by its bytes: a name on a server may come to mean another one."""
        generation, model = question.generation, self.model
        given = {
            "base": model.base_digest, "adapter": model.adapter_digest, "server": dict(self.server),
            "messages": question.messages, "repeat": question.repeat,
            "generation": [
                generation.max_new_tokens, generation.temperature, generation.top_p, generation.seed, generation.stop,
            ],
        }  # fmt: skip
        return digest_bytes(orjson.dumps(given, option=orjson.OPT_SORT_KEYS))
