"""The measured phase: latency, throughput and errors of candidate and baseline, in turns on the same server.

A fixed number of requests is in flight, the first ones do not count, nothing comes from the cache, nothing is tried
twice: what a user of the server would have met. It can't go on where it stopped; an interrupted phase starts anew.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from harness import __version__, catalog
from harness.client.ask import Question, ask_all
from harness.client.guard import Guard, ModelMismatch
from harness.client.interface import Client
from harness.config.templates import messages
from harness.core.errors import OutsideError
from harness.core.events import Event
from harness.core.ids import digest_json
from harness.core.metric_refs import MEASURED_RUN
from harness.core.releases import Measure, Release
from harness.core.runs import Model, Run, TaskResult
from harness.core.samples import Answer, Json, Outcome, Output, Sample
from harness.core.suites import Suite, Task
from harness.pipeline.baselines import Contender
from harness.pipeline.recipe import recipe
from harness.pipeline.running.answers import count
from harness.pipeline.running.few_shot import Shot, choose
from harness.pipeline.running.session import Session
from harness.pipeline.running.vouch import Vouched
from harness.pipeline.workspace import Workspace, now
from harness.store import bundle
from harness.store.writer import bring_in

BLOCKS = 4


@dataclass(frozen=True, slots=True)
class PlannedMeasurement:
    """Who is measured (the candidate, and a baseline where there is one), with which requests.

    `replaces` is the finished phase that this one is measured anew for.
    """

    id: str
    settings: Measure
    models: tuple[Contender, ...]
    suites: tuple[Suite, ...]
    server: Mapping[str, Json]
    again: int = 0
    replaces: str = ""

    @property
    def digest(self) -> str:
        """Digest of what is sent."""
        return digest_json([suite.digest for suite in self.suites])


# What proves, by role, that a model is still the one that was vouched for.
Guards = Mapping[str, Guard | None]
# A task's name, the task, its samples in the seed's order, and its examples.
_Pool = tuple[str, Task, list[Sample], tuple[Shot, ...]]


@dataclass(slots=True)
class _Side:
    """One model's requests as they are answered."""

    contender: Contender
    samples: list[tuple[Sample, Question]]
    outputs: dict[str, Output]
    seconds: float = 0.0


def plan_measurement(
    release: Release, who: Sequence[Contender], server: Mapping[str, Json], again: int = 0
) -> PlannedMeasurement | None:
    """The measured phase with its id; None where none is wanted. `again`: so often was it measured before."""
    settings = release.measure
    if settings is None:
        return None
    models = tuple(one for one in who if one.model.role in ("candidate", settings.baseline))
    suites = tuple(
        suite
        for suite in release.suites
        if any(task.prompt for task in suite.tasks) and (not settings.suites or suite.name in settings.suites)
    )
    key = {
        "measure": [settings.concurrency, settings.requests, settings.warm_up], "seed": release.seed,
        "models": [one.model.identity for one in models], "roles": [one.model.role for one in models],
        "suites": [suite.digest for suite in suites], "server": dict(server),
    }  # fmt: skip
    key |= {"again": again} if again else {}
    return PlannedMeasurement(digest_json(key), settings, models, suites, server, again)


def is_measured(planned: PlannedMeasurement, workspace: Workspace) -> bool:
    """Whether the phase is there already, finished."""
    return bundle.is_finished(workspace.run(planned.id))


def measure(session: Session, planned: PlannedMeasurement, vouch: Callable[[Contender], Vouched]) -> None:
    """Measure, and store it as a run with a task for each model. Raises OutsideError where the server is gone."""
    started, clock = now(), time.monotonic()
    vouched = [vouch(one) for one in planned.models]
    guards = {one.model.role: each.guard(session.at(one.model).adapter(one.model))
              for one, each in zip(planned.models, vouched, strict=True)}  # fmt: skip
    session.watch(Event(MEASURED_RUN, "begin", f"{planned.settings.concurrency} requests at once"))
    sides = asyncio.run(_measured(session, planned, guards))
    results = [_result(side) for side in sides]
    run = Run(
        id=planned.id,
        release=session.release.name,
        suite=MEASURED_RUN,
        suite_digest=planned.digest,
        model=planned.models[0].model,
        server=planned.server,
        started=started,
        seconds=round(time.monotonic() - clock, 3),
        counts=count(results),
        metrics={result.task: () for result in results},
        task_digests={result.task: planned.digest for result in results},
        adapter_proof=vouched[0].proof,
        versions={"harness": __version__},
        figures={name: value for side in sides for name, value in _figures(side, planned.settings).items()},
        replaces=planned.replaces,
    )
    folder = Workspace(session.release.root).run(planned.id)
    folder.mkdir(parents=True, exist_ok=True)
    loaded = planned.models[0].adapter
    told = recipe(session.release, MEASURED_RUN, loaded.folder if loaded else None)
    bundle.finish(folder, run, results, told)
    bring_in(Workspace(session.release.root).store, folder)
    session.watch(Event(MEASURED_RUN, "done", planned.id[:12]))


async def _measured(session: Session, planned: PlannedMeasurement, guards: Guards) -> list[_Side]:
    settings = planned.settings
    sides = [_Side(one, list(_requests(session, planned, one)), {}) for one in planned.models]
    total = len(sides) * (settings.requests + settings.warm_up)
    steady = replace(session, concurrency=settings.concurrency)
    async with AsyncExitStack() as stack:
        clients: dict[str, tuple[Client, Client]] = {}
        for place in (steady.at(one.model) for one in planned.models):
            if place.endpoint.url not in clients:  # one server for both, but where the candidate is merged
                pair = [await stack.enter_async_context(each) for each in (place.first_attempts(), place.connect())]
                clients[place.endpoint.url] = (pair[0], pair[1])
        by_role = {one.model.role: clients[steady.at(one.model).endpoint.url] for one in planned.models}
        for side in sides:
            await _send(*_asked(side, by_role, guards), side.samples[: settings.warm_up], settings.concurrency)
        for side, block in _turns(sides, settings):
            client, guard = _asked(side, by_role, guards)
            begun = time.perf_counter()
            outputs = await _send(client, guard, block, settings.concurrency)
            side.seconds += time.perf_counter() - begun
            side.outputs |= outputs
            if guard:  # between the blocks, so that it costs the measured requests no time
                await _proven(guard.look(by_role[side.contender.model.role][1]))
            done = sum(len(side.outputs) for side in sides)
            session.watch(Event(MEASURED_RUN, "move", "asking", done, total))
        lost = all(output.error for side in sides for output in side.outputs.values())
        if lost and not any([await client.alive() for client, _ in clients.values()]):
            raise OutsideError(f"the server at {session.endpoint.url} is gone; nothing was measured.")
        for role, (_, patient) in by_role.items():
            if guard := guards.get(role):
                await _proven(guard.whole(patient))
    return sides


def _asked(side: _Side, by_role: Mapping[str, tuple[Client, Client]], guards: Guards) -> tuple[Client, Guard | None]:
    role = side.contender.model.role
    return by_role[role][0], guards.get(role)


async def _proven(proof: Coroutine[None, None, None]) -> None:
    """Raises OutsideError where another model answers now: a measurement is not done in parts."""
    try:
        await proof
    except ModelMismatch as change:
        raise OutsideError(
            f"the server does not serve the model any more that was proven before the measurement: {change}. Nothing "
            "was measured; serve the same base model and adapter again, and run the same command."
        ) from None


def _turns(sides: Sequence[_Side], settings: Measure) -> Iterator[tuple[_Side, list[tuple[Sample, Question]]]]:
    """Blocks in the order A B, B A, A B, …: a machine that grows slower does so for both alike."""
    counted = {id(side): side.samples[settings.warm_up :] for side in sides}
    size = -(-settings.requests // BLOCKS)
    for block in range(BLOCKS):
        for side in sides if block % 2 == 0 else list(reversed(sides)):
            yield side, counted[id(side)][block * size : (block + 1) * size]


async def _send(
    client: Client, guard: Guard | None, block: Sequence[tuple[Sample, Question]], concurrency: int
) -> dict[str, Output]:
    outputs: dict[str, Output] = {}

    def keep(question: Question, output: Output) -> None:
        if guard is not None:
            guard.named(output.model)
        outputs[question.sample_id] = replace(output, model=None)

    try:
        await ask_all(client, (question for _, question in block), concurrency, keep)
    except* ModelMismatch as failed:
        raise OutsideError(f"{failed.exceptions[0]}. Nothing was measured.") from None
    return outputs


def _requests(session: Session, planned: PlannedMeasurement, one: Contender) -> Iterator[tuple[Sample, Question]]:
    """Warm-up and counted requests: the suites' tasks in turn, their samples in an order of the seed's."""
    seed, adapter = session.release.seed, session.adapter(one.model)
    pools = [_pool(suite, task, one.on(suite), seed) for suite in planned.suites for task in suite.tasks if task.prompt]
    for number in range(planned.settings.warm_up + planned.settings.requests):
        name, task, samples, shots = pools[number % len(pools)]
        chosen = samples[number // len(pools) % len(samples)]
        sample = Sample(f"{number:05}", {"task": name, "sample": chosen.id}, None)
        assert task.prompt is not None
        turns = messages(task.prompt, chosen.row, shots)
        yield sample, Question(MEASURED_RUN, sample.id, turns, task.generation, adapter)


def _pool(suite: Suite, task: Task, model: Model, seed: int) -> _Pool:
    shots = choose(task, catalog.build("tasks", task.kind, task.arguments), model.few_shot, seed)
    samples = random.Random(seed).sample(task.samples, len(task.samples))
    return f"{suite.name}.{task.name}", task, samples, shots


def _result(side: _Side) -> TaskResult:
    samples = tuple(sample for sample, _ in side.samples if sample.id in side.outputs)
    outputs = tuple(side.outputs[sample.id] for sample in samples)
    answers = tuple(_answer(output) for output in outputs)
    return TaskResult(side.contender.model.role, samples, outputs, answers, ())


def _answer(output: Output) -> Answer:
    if output.error is not None:
        return Answer(output.sample_id, Outcome.NOT_EVALUATED, reason=output.error)
    return Answer(output.sample_id, Outcome.SCORED, output.text)


def _figures(side: _Side, settings: Measure) -> dict[str, float]:
    """Throughput of the counted blocks: answered requests and generated tokens a second."""
    role, answered = side.contender.model.role, [o for o in side.outputs.values() if o.error is None]
    tokens = sum(output.generated_tokens or 0 for output in answered)
    per_second = {"requests_per_second": len(answered), "tokens_per_second": tokens}
    return {f"{role}.{name}": round(value / side.seconds, 4) for name, value in per_second.items() if side.seconds}
