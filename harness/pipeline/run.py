"""Run one suite against one model: outputs into the bundle as they come, then answers, scores, manifest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import __version__, catalog
from harness.client.ask import Question, ask_all
from harness.client.proof import prove
from harness.client.tgi import TgiClient
from harness.config.templates import messages
from harness.core.errors import OutsideError
from harness.core.events import Event, Watch
from harness.core.ids import digest_json
from harness.core.releases import Release, Suite, Task
from harness.core.runs import Model, Run, TaskResult
from harness.core.samples import Json, Output
from harness.pipeline.answers import count, metric_infos, score_task
from harness.pipeline.few_shot import choose
from harness.pipeline.workspace import Workspace, now
from harness.servers.interface import Endpoint
from harness.store import bundle
from harness.store.database import opened
from harness.store.writer import load_bundle

# Rises when the way a run is made changes so that older runs no longer compare.
RUN_FORMAT = 1


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A suite, the model to ask, and the id that follows from all they depend on."""

    id: str
    suite: Suite
    model: Model
    server: Mapping[str, Json]

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.suite.name} · {self.model.role}"


def plan_run(suite: Suite, model: Model, server: Mapping[str, Json], seed: int) -> PlannedRun:
    """The run with its id: equal ids mean equal everything, so a finished one need not be done again."""
    versions = {task.name: [[i.name, i.version] for i in metric_infos(task)] for task in suite.tasks}
    key = {
        "format": RUN_FORMAT, "suite": suite.digest, "model": model.identity, "server": dict(server),
        "metrics": versions, "seed": seed,
    }  # fmt: skip
    return PlannedRun(digest_json(key), suite, model, server)


def is_fresh(planned: PlannedRun, workspace: Workspace) -> bool:
    """Whether the run is there already, finished."""
    return bundle.is_finished(workspace.run(planned.id))


def run_suite(release: Release, planned: PlannedRun, endpoint: Endpoint, watch: Watch) -> None:
    """Do a run, or go on with one that was interrupted, and bring it into the store. Raises OutsideError."""
    workspace, started, clock = Workspace(release.root), now(), time.monotonic()
    folder = workspace.run(planned.id)
    proof = asyncio.run(_proof(release, planned, endpoint))
    asked = [task for task in planned.suite.tasks if task.kind != "lm_eval"]
    done = asyncio.run(_ask(release, planned, asked, endpoint, folder, watch))
    outputs = {task.name: [done[task.name, sample.id] for sample in task.samples] for task in asked}
    for task, given in outputs.items():
        _refuse_loss(task, given, release.policy.max_not_evaluated)
    watch(Event(planned.title, "move", "scoring"))
    results = [
        score_task(task, catalog.build("tasks", task.kind, task.arguments), task.samples, outputs[task.name])
        if task.name in outputs
        else _run_lm_eval(release, planned, task, endpoint, folder, watch)
        for task in planned.suite.tasks
    ]
    run = Run(
        id=planned.id,
        release=release.name,
        suite=planned.suite.name,
        suite_digest=planned.suite.digest,
        model=planned.model,
        server=planned.server,
        started=started,
        seconds=round(time.monotonic() - clock, 3),
        counts=count(results),
        metrics={task.name: metric_infos(task) for task in planned.suite.tasks},
        task_digests={task.name: task.digest for task in planned.suite.tasks},
        adapter_proof=proof,
        versions={"harness": __version__},
    )
    bundle.finish(folder, run, results)
    with opened(workspace.store) as connection:
        load_bundle(connection, folder)


def _connect(release: Release, endpoint: Endpoint) -> TgiClient:
    return TgiClient(endpoint.url, endpoint.key, release.serve.concurrency)


def _adapter(planned: PlannedRun, endpoint: Endpoint) -> str | None:
    return endpoint.adapter_id if planned.model.adapter_digest else None


async def _proof(release: Release, planned: PlannedRun, endpoint: Endpoint) -> str:
    async with _connect(release, endpoint) as client:
        if not await client.alive():
            raise OutsideError(f"the server at {endpoint.url} is not healthy.")
        if planned.model.adapter_digest is None:
            return "the base model itself"
        return await prove(client, endpoint.adapter_id)


async def _ask(
    release: Release, planned: PlannedRun, tasks: list[Task], endpoint: Endpoint, folder: Path, watch: Watch
) -> Mapping[tuple[str, str], Output]:
    """The output of every sample, by task and sample id; those of an earlier try are not asked for again."""
    total = sum(len(task.samples) for task in tasks)
    with bundle.Journal(folder) as journal:
        if journal.done:
            watch(Event(planned.title, "note", f"going on after {len(journal.done)} of {total} samples"))

        def keep(task: str, output: Output) -> None:
            journal.add(task, output)
            watch(Event(planned.title, "move", "asking", len(journal.done), total))

        questions = list(_questions(release, planned, tasks, _adapter(planned, endpoint), journal))
        async with _connect(release, endpoint) as client:
            try:
                await ask_all(client, questions, release.serve.concurrency, keep)
            except* OutsideError as failed:
                raise failed.exceptions[0] from None
        return journal.done


def _refuse_loss(task: str, outputs: Sequence[Output], most: float) -> None:
    """A run that lost too much is not finished: the failed requests are asked again next time. Raises OutsideError."""
    failed = [output for output in outputs if output.error is not None]
    if len(failed) > most * len(outputs):
        raise OutsideError(
            f"{len(failed)} of {len(outputs)} requests of the task '{task}' failed ({most:.0%} may), the first with: "
            f"{failed[0].error}. Nothing was judged; the same command asks only these again."
        )


def _questions(
    release: Release, planned: PlannedRun, tasks: list[Task], adapter: str | None, journal: bundle.Journal
) -> Iterator[Question]:
    for task in tasks:
        assert task.prompt is not None
        kind = catalog.build("tasks", task.kind, task.arguments)
        shots = choose(task, kind, planned.model.few_shot, release.seed)
        for sample in task.samples:
            if (task.name, sample.id) not in journal.done:
                turns = messages(task.prompt, sample.row, shots)
                yield Question(task.name, sample.id, turns, task.generation, adapter)


def _run_lm_eval(
    release: Release, planned: PlannedRun, task: Task, endpoint: Endpoint, folder: Path, watch: Watch
) -> TaskResult:
    from harness.pipeline.lm_eval_run import run_lm_eval

    return run_lm_eval(
        release.root, task, lambda: _connect(release, endpoint), _adapter(planned, endpoint), folder,
        lambda done, total: watch(Event(planned.title, "move", "asking", done, total)),
    )  # fmt: skip
