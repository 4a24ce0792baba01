"""All runs that a release needs: which are there, and the others done on the servers that answer them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

from harness import catalog
from harness.core.events import Event, Watch
from harness.core.releases import Release
from harness.core.runs import Run
from harness.core.samples import Json
from harness.core.times import seconds_between, spelled
from harness.pipeline.baselines import Contender, contenders
from harness.pipeline.candidate import Candidate
from harness.pipeline.looks import at_look
from harness.pipeline.running import remotes
from harness.pipeline.running.measure import PlannedMeasurement, is_measured, measure
from harness.pipeline.running.merging import merge
from harness.pipeline.running.newest import newest_measurement, newest_run
from harness.pipeline.running.reruns import NOTHING, stored_run
from harness.pipeline.running.run import PlannedRun, is_fresh, run_human, run_suite
from harness.pipeline.running.session import Session, deadline_of
from harness.pipeline.running.vouch import Vouched, vouch
from harness.pipeline.workspace import Workspace, now
from harness.servers.interface import Adapter, Artefacts, Endpoint, Server
from harness.store.bundle import read_run
from harness.store.cache import Cache


@dataclass(frozen=True, slots=True)
class Plan:
    """Every run of a release, and the measured phase where one is wanted."""

    runs: tuple[PlannedRun, ...]
    measurement: PlannedMeasurement | None

    @property
    def ids(self) -> dict[str, dict[str, str]]:
        """Run ids by role and suite."""
        found: dict[str, dict[str, str]] = {}
        for one in self.runs:
            found.setdefault(one.model.role, {})[one.suite.name] = one.id
        if self.measurement:
            found["candidate"]["measured"] = self.measurement.id
        return found


def plan_runs(
    release: Release,
    candidate: Candidate,
    server: Mapping[str, Json] | None = None,
    look: int | None = None,
    before: Plan | None = None,
    again: frozenset[str] = NOTHING,
) -> Plan:
    """Every run of the release: each suite against each model that can answer it. Raises ConfigError, OutsideError.

    `server` is the identity of the release's own server where it is known; else that server and those of remote
    baselines are asked who they are. At a `look` only its samples are asked (None: all), and the runs go on from those
    of the look `before`. The suites of `again` are asked anew, as are those whose runs are older than the policy lets
    them be.
    """
    who = contenders(release, candidate)
    ours = server_of(release).identity() if server is None else server
    merged = {**ours, "merged": True} if release.serve.merged else ours
    places = {one.model.role: merged if _is_candidates(one, candidate) else ours for one in who}
    servers = {one.model.role: _identity(release, one, places[one.model.role], server is None) for one in who}
    runs = tuple(
        _going_on(
            newest_run(release, suite, one, servers[one.model.role], again, before.runs if before else ()), before
        )
        for suite in (release if look is None else at_look(release, look)).suites
        for one in who
        if one.answers(suite)
    )
    return Plan(runs, before.measurement if before else newest_measurement(release, who, merged, again))


def _going_on(planned: PlannedRun, before: Plan | None) -> PlannedRun:
    """The run, going on from the look before where the very same model answers on the very same server."""
    for one in before.runs if before else ():
        same = one.suite.name == planned.suite.name and one.model == planned.model and one.server == planned.server
        if same and one.id != planned.id:
            return replace(planned, earlier=one.id)
    return planned


def look_at_hand(release: Release, candidate: Candidate, server: Mapping[str, Json] | None = None) -> int | None:
    """The last look whose runs are all there; None where those of the first are not, or where one look is all."""
    if release.policy.looks <= 1:
        return None
    ours, workspace = server_of(release).identity() if server is None else server, Workspace(release.root)
    for look in range(release.policy.looks, 0, -1):
        if all(is_fresh(one, workspace) for one in plan_runs(release, candidate, ours, look).runs):
            return look
    return None


def do_runs(release: Release, candidate: Candidate, plan: Plan, watch: Watch, cached: bool = True) -> None:
    """Do what is not there yet: our own server first, then remote models, then people. Raises OutsideError."""
    workspace = Workspace(release.root)
    todo = [one for one in plan.runs if not is_fresh(one, workspace)]
    for one in plan.runs:
        if one not in todo:
            watch(Event(one.title, "fresh", _kept(one.id, workspace)))
    measurement = plan.measurement
    if measurement and is_measured(measurement, workspace):
        watch(Event("measured", "fresh", _kept(measurement.id, workspace)))
        measurement = None
    deadline = deadline_of(release)
    served = [one for one in todo if one.contender.place == "served"]
    with Cache(workspace.cache) if cached and todo else nullcontext() as cache:
        if served or measurement:
            with serving(release, plan, candidate, watch) as endpoint:
                session = Session(release, endpoint, watch, release.serve.concurrency, deadline, cache, candidate.base)
                known = _on_our_server(session, candidate, served)
                if measurement:
                    measure(session, measurement, lambda one: vouch(session, one, candidate, known, ()))
        for one in (one for one in todo if one.contender.place == "remote"):
            _remote(release, one, watch, deadline)
    for one in (one for one in todo if one.contender.place == "human"):
        spec = one.contender.spec
        assert spec is not None
        run_human(release, one, spec.arguments["human"])  # type: ignore[arg-type]
        watch(Event(one.title, "done", one.id[:12]))


def _kept(run: str, workspace: Workspace) -> str:
    """A run that is not asked again, with its age."""
    found = stored_run(workspace.run(run))
    return f"{run[:12]}, asked {spelled(seconds_between(found.started, now()))} ago" if found else run[:12]


def runs_of(release: Release, plan: Plan) -> Iterator[tuple[str, Run]]:
    """The finished runs of a plan, with the role each plays, from their manifests. Raises OutsideError."""
    for role, suites in plan.ids.items():
        for run_id in suites.values():
            yield role, read_run(Workspace(release.root).run(run_id))


def _on_our_server(session: Session, candidate: Candidate, todo: Sequence[PlannedRun]) -> dict[str | None, Vouched]:
    """Each run on the release's own server; every model is vouched for before the first sample of any."""
    known: dict[str | None, Vouched] = {}
    for one in todo:
        vouch(session, one.contender, candidate, known, [each.suite for each in todo])
    workspace = Workspace(session.release.root)
    since = time.monotonic()
    for done, one in enumerate(todo):
        if is_fresh(one, workspace):  # two baselines may ask the very same of the same model
            continue
        vouched = known[one.model.adapter_digest]
        left = _seconds_left(time.monotonic() - since, todo[:done], todo[done:])
        session.watch(Event(one.title, "begin", f"run {done + 1} of {len(todo)}", seconds_left=left))
        asked = session.at(one.model)
        # Only the answers of a model that is known for certain may be taken for its answers later; and what is asked
        # anew is asked.
        run_suite(asked if vouched.proven and not one.again else replace(asked, cache=None), one, vouched)
        session.watch(Event(one.title, "done", one.id[:12]))
    return known


def _seconds_left(seconds: float, done: Sequence[PlannedRun], left: Sequence[PlannedRun]) -> float | None:
    """What the runs that are left take, where they take as long for a sample as those that are done."""
    samples, ahead = (sum(len(task.samples) for run in runs for task in run.suite.tasks) for runs in (done, left))
    return seconds * ahead / samples if samples else None


def _remote(release: Release, planned: PlannedRun, watch: Watch, deadline: float | None) -> None:
    """A run against a model elsewhere. A name there is no proof of bytes, so nothing comes from the cache."""
    session = remotes.session_of(release, planned.contender, watch, deadline)
    watch(Event(planned.title, "begin", str(planned.server["model"])))
    run_suite(session, planned, remotes.vouched(session, planned.server))
    watch(Event(planned.title, "done", planned.id[:12]))


def server_of(release: Release) -> Server:
    """The server plug that the release names."""
    given = dict(release.serve.arguments)
    if release.serve.kind == "kubernetes" and given["name"] is None:
        given["name"] = release.name.replace("_", "-")[:50].rstrip("-")
    server: Server = catalog.build("servers", release.serve.kind, given)
    return server


def check_server(release: Release) -> None:
    """Raises OutsideError where this machine cannot start the release's server; starts nothing."""
    check = getattr(server_of(release), "check", None)
    if check:
        check()


def _is_candidates(one: Contender, candidate: Candidate) -> bool:
    """Whether a model is the candidate's very adapter, whatever its role."""
    return one.adapter is not None and one.adapter.digest == candidate.adapter_digest


def _identity(release: Release, one: Contender, served: Mapping[str, Json], ask: bool) -> Mapping[str, Json]:
    if one.place == "served":
        return served
    return {"kind": "human"} if one.place == "human" else remotes.identity_of(release, one, ask)


@contextmanager
def serving(release: Release, plan: Plan | None, candidate: Candidate, watch: Watch) -> Iterator[Endpoint]:
    """The release's server with the base and every adapter that is compared (without a plan, the candidate's)."""
    who = contenders(release, candidate) if plan is None else [one.contender for one in plan.runs]
    adapters = tuple({one.adapter.digest: one.adapter for one in who if one.adapter}.values())
    if release.serve.merged:
        with _both(release, candidate, adapters, watch) as endpoint:
            yield endpoint
        return
    watch(Event("serve", "begin", release.serve.kind))
    with server_of(release).running(
        Artefacts(candidate.base, adapters, Workspace(release.root).logs / "server.log")
    ) as endpoint:
        watch(Event("serve", "done", endpoint.url))
        yield endpoint


@contextmanager
def _both(release: Release, candidate: Candidate, adapters: tuple[Adapter, ...], watch: Watch) -> Iterator[Endpoint]:
    """The candidate's merged model at the declared port, and the base with all other adapters at any free one."""
    found, logs = merge(release, candidate, watch), Workspace(release.root).logs
    others = tuple(one for one in adapters if one.digest != candidate.adapter_digest)
    free = replace(release, serve=replace(release.serve, arguments={**release.serve.arguments, "port": 0}))
    watch(Event("serve", "begin", f"{release.serve.kind}, merged model and base"))
    with (
        server_of(release).running(Artefacts(found.folder, (), logs / "merged.log")) as ours,
        server_of(free).running(Artefacts(candidate.base, others, logs / "server.log")) as base,
    ):
        watch(Event("serve", "done", f"{ours.url} (merged), {base.url} (base)"))
        dead = _either(ours.watch, base.watch)
        yield replace(base, merged={candidate.adapter_digest: replace(ours, watch=dead)}, watch=dead)


def _either(*watches: Callable[[], str | None] | None) -> Callable[[], str | None]:
    """Says that one of several servers is gone."""
    return lambda: next((said for watch in watches if watch and (said := watch())), None)
