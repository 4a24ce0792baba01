"""The decision on what is stored already: nothing is fetched, trained, served or asked, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.core.errors import ConfigError
from harness.core.metric_refs import MEASURED_RUN
from harness.core.releases import Release, ServeSpec
from harness.core.runs import Run
from harness.core.samples import Json
from harness.pipeline.candidate import Candidate, on_disk
from harness.pipeline.decisions import find_decision
from harness.pipeline.gate import is_settled
from harness.pipeline.judging.attempts import read_attempts
from harness.pipeline.judging.judge import Judgement, judge
from harness.pipeline.judging.material import candidate_json, read_material
from harness.pipeline.running.measure import is_measured
from harness.pipeline.running.run import is_fresh
from harness.pipeline.running.runs import Plan, look_at_hand, plan_runs, server_of
from harness.pipeline.workspace import Workspace, now
from harness.store import bundle, reader
from harness.store.database import opened


def judge_stored(release: Release) -> Judgement:
    """What `harness gate` decides on the same store, before it makes the release's checks. Nothing is stored.

    Raises ConfigError naming the runs that are missing (also where a next look is due), OutsideError where the store
    or a bundle cannot be read.
    """
    workspace, candidate = Workspace(release.root), on_disk(release)
    known = _known(workspace)
    server, who = _server(release, known, candidate), candidate_json(candidate, release)
    look = look_at_hand(release, candidate, server) or 1
    while True:
        plan = plan_runs(release, candidate, server, look)
        _check_there(plan, workspace, {run.id for run in known})
        material = read_material(workspace, plan.ids | _anchors(release, workspace))
        decision = judge(release, material, who, now(), read_attempts(workspace, material, who), look)
        if look >= release.policy.looks or is_settled(decision):
            return Judgement(release, material, decision)
        look += 1


def _known(workspace: Workspace) -> list[Run]:
    """The runs in the store, oldest first."""
    if not workspace.store.is_file():
        there = any((workspace.state / "runs").glob(f"*/{bundle.MANIFEST}"))
        said = "the store is gone: run `harness store rebuild`" if there else "nothing was run yet: run `harness run`"
        raise ConfigError(f"{said} first.")
    with opened(workspace.store, read_only=True) as connection:
        return reader.runs(connection)


def _anchors(release: Release, workspace: Workspace) -> dict[str, dict[str, str]]:
    """The runs of pinned decisions, by baseline and suite."""
    found = {}
    for spec in release.baselines:
        if spec.kind == "anchor":
            pinned = find_decision(release, workspace, str(spec.arguments["anchor"])).runs["candidate"]
            found[spec.name] = {suite: run for suite, run in pinned.items() if suite != MEASURED_RUN}
    return found


def _server(release: Release, known: Iterable[Run], candidate: Candidate) -> Mapping[str, Json]:
    """Who the server is. One that runs elsewhere is not asked: it is the one that last answered for the candidate.

    Whatever role asked it, and for whichever release: equal runs are done once.
    """
    if release.serve.kind == "local":
        return server_of(release).identity()
    model = (candidate.base_digest, candidate.adapter_digest)
    ours = [
        run
        for run in known
        if (run.release == release.name and run.model.role == "candidate")
        or (not run.model.own and (run.model.base_digest, run.model.adapter_digest) == model)
    ]
    found = [run.server for run in ours if _is_declared(run.server, release.serve)]
    if not found:
        message = "the store has no run of the candidate on the declared server"
        raise ConfigError(f"{message}: run `harness run` first, or `harness store load` where it was run already.")
    return {key: value for key, value in found[-1].items() if key != "merged"}  # that is the candidate's alone


def _is_declared(server: Mapping[str, Json], spec: ServeSpec) -> bool:
    declared = {"kind": spec.kind, **spec.arguments}
    return all(_plain(server[key]) == _plain(value) for key, value in declared.items() if key in server)


def _plain(value: Json) -> Json:
    return value.rstrip("/") if isinstance(value, str) else value


def _check_there(plan: Plan, workspace: Workspace, known: Iterable[str]) -> None:
    missing = [one.title for one in plan.runs if not is_fresh(one, workspace)]
    if plan.measurement and not is_measured(plan.measurement, workspace):
        missing.append(MEASURED_RUN)
    if missing:
        raise ConfigError(f"not run yet as release.yaml asks now: {', '.join(missing)}. Run `harness run` first.")
    absent = [one.title for one in plan.runs if one.id not in set(known)]
    if plan.measurement and plan.measurement.id not in set(known):
        absent.append(MEASURED_RUN)
    if absent:
        raise ConfigError(f"not in the store: {', '.join(absent)}. Run `harness store load` first.")
