"""All runs that a release needs: which are there, and the others done on one server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from harness import catalog
from harness.core.events import Event, Watch
from harness.core.releases import Release, Suite
from harness.core.runs import Model
from harness.core.samples import Json
from harness.pipeline.candidate import Candidate
from harness.pipeline.evidence import Judged, Material
from harness.pipeline.run import PlannedRun, is_fresh, plan_run, run_suite
from harness.pipeline.workspace import Workspace
from harness.servers.interface import Artefacts, Endpoint, Server
from harness.store import bundle, reader
from harness.store.database import opened
from harness.store.writer import load_bundle


def server_of(release: Release) -> Server:
    """The server plug that the release names."""
    server: Server = catalog.build("servers", release.serve.kind, release.serve.arguments)
    return server


def models_of(release: Release, candidate: Candidate) -> list[Model]:
    """The candidate first, then the baselines."""
    ours = Model("candidate", candidate.base_digest, candidate.adapter_digest)
    others = [Model(spec.name, candidate.base_digest, few_shot=spec.few_shot) for spec in release.baselines]
    return [ours, *others]


def plan_runs(release: Release, candidate: Candidate) -> list[PlannedRun]:
    """Every run of the release: each suite against each model."""
    server = server_of(release).identity()
    models = models_of(release, candidate)
    return [plan_run(suite, _for(suite, model), server, release.seed) for suite in release.suites for model in models]


def do_runs(release: Release, candidate: Candidate, planned: Iterable[PlannedRun], watch: Watch) -> None:
    """Do the runs that are not there yet, all on one server. Raises OutsideError."""
    workspace = Workspace(release.root)
    todo = []
    for one in planned:
        if is_fresh(one, workspace):
            watch(Event(one.title, "fresh", one.id[:12]))
        else:
            todo.append(one)
    if not todo:
        return
    with serving(release, candidate, watch) as endpoint:
        for one in todo:
            if is_fresh(one, workspace):  # two baselines may ask the very same of the same model
                continue
            watch(Event(one.title, "begin"))
            run_suite(release, one, endpoint, watch)
            watch(Event(one.title, "done", one.id[:12]))


@contextmanager
def serving(release: Release, candidate: Candidate, watch: Watch) -> Iterator[Endpoint]:
    """The release's server with base and adapter loaded."""
    artefacts = Artefacts(candidate.base, candidate.adapter, Workspace(release.root).logs / "server.log")
    watch(Event("serve", "begin", release.serve.kind))
    with server_of(release).running(artefacts) as endpoint:
        watch(Event("serve", "done", endpoint.url))
        yield endpoint


def stored(release: Release, planned: Iterable[PlannedRun]) -> Material:
    """The finished runs out of the store, by role and suite."""
    workspace = Workspace(release.root)
    by_role: dict[str, dict[str, str]] = {}
    with opened(workspace.store) as connection:
        for one in planned:
            load_bundle(connection, workspace.run(one.id))
            by_role.setdefault(one.model.role, {})[one.suite.name] = one.id
    return read_material(workspace, by_role)


def read_material(workspace: Workspace, by_role: Mapping[str, Mapping[str, str]]) -> Material:
    """Runs by role and suite, from their ids. Raises OutsideError where a bundle was changed."""
    material: dict[str, dict[str, Judged]] = {}
    with opened(workspace.store, read_only=True) as connection:
        for role, suites in by_role.items():
            for suite, run_id in suites.items():
                run = bundle.read_run(workspace.run(run_id))
                results = {result.task: result for result in reader.results(connection, run_id)}
                material.setdefault(role, {})[suite] = Judged(run, results)
    return material


def candidate_json(candidate: Candidate, release: Release) -> Mapping[str, Json]:
    """Who is judged, as it stands in the decision."""
    return {
        "base_model": release.candidate.base_model,
        "base_digest": candidate.base_digest,
        "adapter_digest": candidate.adapter_digest,
        "trained": candidate.manifest is not None,
    }


def _for(suite: Suite, model: Model) -> Model:
    """lm-eval tasks have the same prompt for all models, so few-shot does not apply to a suite of them."""
    if any(task.prompt for task in suite.tasks):
        return model
    return Model(model.role, model.base_digest, model.adapter_digest)
