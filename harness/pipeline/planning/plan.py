"""What `harness gate` would do now: what is done already, how much is asked and for how long; what can come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness.core.errors import OutsideError
from harness.core.metric_refs import MEASURED_RUN
from harness.core.releases import Release
from harness.core.runs import Model, Run
from harness.core.samples import Json
from harness.pipeline.candidate import MANIFEST, Candidate, choice_file, foreseen, trainings_of
from harness.pipeline.chosen import read_choice
from harness.pipeline.data.lock import changes
from harness.pipeline.planning.costs import finished, measured_seconds, requests_of, run_seconds
from harness.pipeline.planning.prospects import Planning, Prospect, prospects
from harness.pipeline.running.measure import PlannedMeasurement
from harness.pipeline.running.run import PlannedRun
from harness.pipeline.running.runs import plan_runs, server_of
from harness.pipeline.validate import vacuous_warnings
from harness.pipeline.workspace import Workspace
from harness.store import bundle, reader
from harness.store.database import opened

FRESH, TO_DO, AFTER, UNKNOWN = "fresh", "to do", "after training", "not known"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a release needs.

    `state` is fresh (done already), to do, after training (its adapter is not here yet), or not known (the server
    can't be asked who it is). `requests` are those that are left, without what the cache may save; `uncounted`: lm-eval
    sends more, and only it knows how many. `seconds` is how long it takes at the pace of stored runs, None where there
    are none like it.
    """

    title: str
    state: str
    requests: int = 0
    uncounted: bool = False
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """The steps in their order, and the gates with those that can't pass first."""

    release: Release
    steps: tuple[Step, ...]
    prospects: tuple[Prospect, ...]
    planning: Planning
    notes: tuple[str, ...]

    @property
    def requests(self) -> int:
        """All that are left to send and can be counted."""
        return sum(step.requests for step in self.steps)


@dataclass(frozen=True, slots=True)
class _Here:
    """What is here now. `served`: the release's own server could be asked who it is."""

    release: Release
    served: bool
    workspace: Workspace
    runs: tuple[Run, ...]

    def state(self, run_id: str, model: Model, known: bool) -> str:
        """How far a run is; `known` tells whether its server is."""
        if model.adapter_digest == "":
            return AFTER if self.release.candidate.training else TO_DO
        if not known:
            return UNKNOWN
        return FRESH if bundle.is_finished(self.workspace.run(run_id)) else TO_DO


def plan(release: Release, planning: Planning) -> ReleasePlan:
    """Look, and do nothing. Raises ConfigError where the release can't be run as it is, OutsideError for the store."""
    workspace, found = Workspace(release.root), foreseen(release)
    server, notes = _server(release)
    here = _Here(release, server is not None, workspace, _stored(workspace))
    steps = [Step("base model", FRESH if found.base_digest else TO_DO)]
    steps += _training_steps(release, found)
    planned = plan_runs(_plannable(release, found), found, server or {"kind": release.serve.kind})
    once = {one.id: one for one in reversed(planned.runs)}  # two baselines may ask the very same of the same model
    steps += [_run_step(one, here) for one in reversed(once.values())]
    if planned.measurement:
        steps.append(_measured_step(planned.measurement, here))
    gates = prospects(release, planning, _known_samples(here))
    notes = (*notes, *vacuous_warnings(release), *changes(release, bool(found.adapter_digest), here.runs))
    return ReleasePlan(release, tuple(steps), tuple(gates), planning, notes)


def _training_steps(release: Release, found: Candidate) -> list[Step]:
    """The training; of experiments each of them, and the choice."""
    chosen = FRESH if found.adapter_digest else TO_DO
    if release.candidate.training is None:
        return []
    if release.experiments is None:
        return [Step("training", chosen)]
    names = [one.name for one in release.experiments.runs]
    if not found.base_digest:
        return [*(Step(f"training {name}", TO_DO) for name in names), Step("choice", TO_DO)]
    requests = trainings_of(release, found.base, found.base_digest)
    choice = read_choice(choice_file(release, found.base, found.base_digest))
    failed = {one.name for one in choice.failed if one.settled} if choice else set()
    there = {name: (one.output / MANIFEST).is_file() for name, one in requests.items()}
    steps = [
        Step(f"training {name} (failed)", FRESH)
        if name in failed
        else Step(f"training {name}", FRESH if there[name] else TO_DO)
        for name in names
    ]
    return [*steps, Step("choice", chosen)]


def _server(release: Release) -> tuple[Mapping[str, Json] | None, tuple[str, ...]]:
    try:
        return server_of(release).identity(), ()
    except OutsideError as error:
        return None, (f"The server can't be asked who it is, so what is fresh is not known: {error}",)


def _plannable(release: Release, found: Candidate) -> Release:
    """Without the base model nobody can tell whether the version in production was made from it."""
    if found.base_digest:
        return release
    return replace(release, baselines=tuple(spec for spec in release.baselines if spec.kind != "production"))


def _stored(workspace: Workspace) -> tuple[Run, ...]:
    if not workspace.store.is_file():
        return ()
    with opened(workspace.store, read_only=True) as connection:
        return tuple(reader.runs(connection))


def _run_step(one: PlannedRun, here: _Here) -> Step:
    state = here.state(one.id, one.model, here.served or one.contender.place != "served")
    if state == FRESH:
        return Step(one.title, FRESH)
    if one.contender.place == "human":
        return Step(one.title, state, seconds=0.0)
    left = requests_of(one) - finished(here.workspace.run(one.id))
    uncounted = any(task.prompt is None for task in one.suite.tasks)
    return Step(one.title, state, left, uncounted, run_seconds(one, None if uncounted else left, here.runs))


def _measured_step(one: PlannedMeasurement, here: _Here) -> Step:
    state = here.state(one.id, one.models[0].model, here.served)
    if state == FRESH:
        return Step(MEASURED_RUN, FRESH)
    asked = len(one.models) * (one.settings.requests + one.settings.warm_up)
    return Step(MEASURED_RUN, state, asked, seconds=measured_seconds(one, asked, here.runs))


def _known_samples(here: _Here) -> dict[tuple[str, str], int]:
    """How many samples lm-eval's tasks had when they were asked before."""
    wanted = {(s.name, t.name): t.digest for s in here.release.suites for t in s.tasks if t.prompt is None}
    having = {key: run for run in here.runs for key, digest in wanted.items() if _has(run, key, digest)}
    if not having:
        return {}
    with opened(here.workspace.store, read_only=True) as connection:
        return {key: reader.count_samples(connection, run.id, key[1]) for key, run in having.items()}


def _has(run: Run, key: tuple[str, str], digest: str) -> bool:
    return run.suite == key[0] and run.task_digests.get(key[1]) == digest
