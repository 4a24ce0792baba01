"""Run one suite against one model: outputs into the bundle as they come, then answers, scores, manifest."""

from __future__ import annotations

import asyncio
import importlib
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness import __version__, catalog
from harness.core.errors import OutsideError
from harness.core.events import Event, Watch
from harness.core.ids import digest_json
from harness.core.releases import Release
from harness.core.runs import Model, Run, TaskResult
from harness.core.samples import Json, Output
from harness.core.suites import Prompt, Suite, Task
from harness.pipeline.baselines import Contender
from harness.pipeline.recipe import recipe
from harness.pipeline.running.answers import clip_notes, count, metric_infos, score_task, tokenizers
from harness.pipeline.running.asking import Asker, Batch
from harness.pipeline.running.human import human_results
from harness.pipeline.running.prompts import choose_prompt
from harness.pipeline.running.reruns import first_started, forget_start, take_start
from harness.pipeline.running.session import Session
from harness.pipeline.running.twins import twin_notes
from harness.pipeline.running.vouch import Vouched
from harness.pipeline.workspace import Workspace, now
from harness.store import bundle
from harness.store.journal import go_on_from
from harness.store.memo import Memo
from harness.store.writer import bring_in

# Rises when the way a run is made changes so that older runs no longer compare.
RUN_FORMAT = 3


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A suite, the model to ask, and the id that follows from all they depend on.

    `earlier` is the run of the look before, whose outputs are this one's too. `again` counts the runs of the same
    questions before this one, `replaces` is the last of them that was finished.
    """

    id: str
    suite: Suite
    model: Model
    server: Mapping[str, Json]
    contender: Contender
    earlier: str = ""
    again: int = 0
    replaces: str = ""

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.suite.name} · {self.model.role}"


# Without a repr: asyncio.run() makes one of the result as it ends, which for 100,000 samples takes ten seconds.
@dataclass(slots=True, repr=False)
class _Made:
    """What a run gathers on its way: results by task, and what is to be said about them."""

    results: dict[str, TaskResult]
    notes: list[str]
    versions: dict[str, str]


def plan_run(suite: Suite, contender: Contender, server: Mapping[str, Json], seed: int, again: int = 0) -> PlannedRun:
    """The run with its id: equal ids mean equal everything, so a finished one need not be done again.

    With `again` it is a run of its own, as the same was asked so often before.
    """
    model = contender.on(suite)
    versions = {task.name: [[i.name, i.version] for i in metric_infos(task)] for task in suite.tasks}
    cut = {name: tokenizer for task in suite.tasks for name, tokenizer in tokenizers(task).items()}
    key = {
        "format": RUN_FORMAT, "suite": suite.digest, "model": model.identity, "server": dict(server),
        "metrics": versions, "seed": seed,
    }  # fmt: skip
    key |= ({"tokenizers": cut} if cut else {}) | ({"again": again} if again else {})
    return PlannedRun(digest_json(key), suite, model, server, contender, again=again)


def is_fresh(planned: PlannedRun, workspace: Workspace) -> bool:
    """Whether the run is there already, finished."""
    return bundle.is_finished(workspace.run(planned.id))


def run_suite(session: Session, planned: PlannedRun, vouched: Vouched) -> None:
    """Do a run, or go on with one that was interrupted, and bring it into the store. Raises OutsideError."""
    clock, folder = time.monotonic(), Workspace(session.release.root).run(planned.id)
    if planned.earlier:
        take_start(Workspace(session.release.root).run(planned.earlier), folder)
    started = first_started(folder, now())
    made = asyncio.run(_generated(session, planned, vouched, folder))
    for task in planned.suite.tasks:
        if task.prompt is None:
            _run_lm_eval(session, planned, task, vouched, folder, made)
    results = [made.results[task.name] for task in planned.suite.tasks]
    run = _run_of(session.release, planned, results, vouched, started, time.monotonic() - clock)
    notes = (*run.notes, *made.notes, *clip_notes(results), *twin_notes(Workspace(session.release.root), run, results))
    run = replace(run, notes=notes, versions={**run.versions, **made.versions})
    loaded = planned.contender.adapter
    _keep(session.release, run, results, folder, loaded.folder if loaded else None)


def run_human(release: Release, planned: PlannedRun, files: Mapping[str, str]) -> None:
    """Score what people answered, as a run of its own. Raises ConfigError, OutsideError."""
    started, clock = now(), time.monotonic()
    results = human_results(release, planned.suite, files)
    run = _run_of(release, planned, results, Vouched("people answered"), started, time.monotonic() - clock)
    _keep(release, run, results, Workspace(release.root).run(planned.id))


def _keep(release: Release, run: Run, results: Sequence[TaskResult], folder: Path, adapter: Path | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    bundle.finish(folder, run, results, recipe(release, run.suite, adapter))
    forget_start(folder)
    bring_in(Workspace(release.root).store, folder)


def _run_of(
    release: Release,
    planned: PlannedRun,
    results: Sequence[TaskResult],
    vouched: Vouched,
    started: str,
    seconds: float,
) -> Run:
    tasks = [task for task in planned.suite.tasks if task.name in {result.task for result in results}]
    whole = {task.name: task.whole for task in tasks if task.whole}
    return Run(
        id=planned.id,
        release=release.name,
        suite=planned.suite.name,
        suite_digest=planned.suite.digest,
        model=planned.model,
        server=planned.server,
        started=started,
        seconds=round(seconds, 3),
        counts=count(results),
        metrics={task.name: metric_infos(task) for task in tasks},
        task_digests={task.name: task.digest for task in tasks},
        adapter_proof=vouched.proof,
        versions={"harness": __version__}
        | {f"{name}'s tokenizer": tokenizer for task in tasks for name, tokenizer in tokenizers(task).items()},
        notes=vouched.notes,
        clean={task.name: ".".join(task.clean) for task in tasks if task.clean},
        data={result.task: whole.get(result.task) or result.data for result in results},
        replaces=planned.replaces,
    )


async def _generated(session: Session, planned: PlannedRun, vouched: Vouched, folder: Path) -> _Made:
    """The tasks whose prompts are ours, asked and scored."""
    asker = Asker(
        session, planned.model, planned.server, planned.title, vouched.guard(session.adapter(planned.model)),
        only_held=vouched.only_held, names=planned.contender.place == "remote",
    )  # fmt: skip
    tasks = [task for task in planned.suite.tasks if task.prompt is not None]
    made = _Made({}, [], {})
    batches = []
    for task in tasks:
        prompt, note = await _prompt_of(asker, planned, task, folder)
        made.notes += [note] if note else []
        batches.append(Batch(task.name, task, task.samples, prompt))
    # The database is wanted as soon as the last answer is there; loading it costs nothing while answers are waited for.
    threading.Thread(target=importlib.import_module, args=("duckdb",), daemon=True).start()
    if planned.earlier:
        go_on_from(Workspace(session.release.root).run(planned.earlier), folder)
    with asker.journal(folder) as journal:
        await asker.ask(batches, journal)
    for batch in batches:
        task = batch.task
        outputs = [journal.done[task.name, sample.id, r] for sample in task.samples for r in range(task.repeats)]
        _refuse_loss(task.name, outputs, session.release.policy.max_not_evaluated)
        session.watch(Event(planned.title, "move", f"scoring {task.name}"))
        kind = catalog.build("tasks", task.kind, task.arguments)
        made.results[task.name] = score_task(task, kind, task.samples, outputs)
    return made


async def _prompt_of(asker: Asker, planned: PlannedRun, task: Task, folder: Path) -> tuple[Prompt, str]:
    assert task.prompt is not None
    spec = planned.contender.spec
    if spec is None or spec.kind != "prompt" or not task.alternatives:
        return task.prompt, ""
    choice = await choose_prompt(asker, task, folder)
    return choice.prompt, choice.note


def _refuse_loss(task: str, outputs: Sequence[Output], most: float) -> None:
    """A run that lost too much is not finished: the failed requests are asked again next time. Raises OutsideError."""
    failed = [output for output in outputs if output.lost]
    if len(failed) > most * len(outputs):
        raise OutsideError(
            f"{len(failed)} of {len(outputs)} requests of the task '{task}' failed ({most:.0%} may), the first with: "
            f"{failed[0].error}. Nothing was judged; the same command asks only these again."
        )


def _run_lm_eval(
    session: Session, planned: PlannedRun, task: Task, vouched: Vouched, folder: Path, made: _Made
) -> None:
    from harness.pipeline.running.lm_eval_run import run_lm_eval

    assert session.base is not None, "only models on our own server answer lm-eval's tasks"
    watch: Watch = session.watch
    adapter = session.adapter(planned.model)
    memo = Memo(folder / f"lm_eval.{task.name}.jsonl", vouched.only_held)
    found = run_lm_eval(
        session.release.root, session.base, task, session.connect, adapter, memo,
        lambda done, total: watch(Event(planned.title, "move", "asking", done, total)), vouched.guard(adapter),
    )  # fmt: skip
    made.results[task.name] = found.result
    made.versions |= found.versions
