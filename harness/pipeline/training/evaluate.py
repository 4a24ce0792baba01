"""The experiments' adapters on the validation suites: ordinary runs, all on one start of the release's own server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.core.events import Watch
from harness.core.releases import Release
from harness.core.runs import Model
from harness.pipeline.baselines import Contender
from harness.pipeline.candidate import ADAPTER, trained_in
from harness.pipeline.chosen import Trained
from harness.pipeline.running.run import plan_run
from harness.pipeline.running.runs import Plan, do_runs, server_of
from harness.pipeline.workspace import Workspace
from harness.servers.interface import Adapter


def evaluated(
    release: Release, base: Path, base_digest: str, trained: Sequence[Trained], watch: Watch
) -> list[Trained]:
    """The same adapters with their runs; those that are there already are not done again. Raises OutsideError."""
    assert release.experiments is not None
    suites = release.experiments.suites
    if not suites:
        return list(trained)
    asking, state = on_validation(release), Workspace(release.root).state
    server = server_of(asking).identity()
    contenders = {one.name: _contender(one, state, base_digest) for one in trained}
    planned = {
        name: [plan_run(suite, contender, server, release.seed) for suite in suites]
        for name, contender in contenders.items()
    }
    plan = Plan(tuple(run for runs in planned.values() for run in runs), None)
    first = trained_in(state / trained[0].folder, base, base_digest, release.file)
    do_runs(asking, first, plan, watch)
    return [replace(one, runs={run.suite.name: run.id for run in planned[one.name]}) for one in trained]


def on_validation(release: Release) -> Release:
    """The release with the experiments' suites in the place of its own, and with nothing to be judged."""
    assert release.experiments is not None
    return replace(
        release,
        suites=release.experiments.suites,
        experiments=None,
        baselines=(),
        measure=None,
        waivers=(),
        checks=(),
        policy=replace(release.policy, gates=(), looks=1),
        serve=replace(release.serve, merged=False),  # a merged model is one alone, and these are many
    )


def _contender(one: Trained, state: Path, base_digest: str) -> Contender:
    # Names of experiments hold signs that servers read as their own.
    loaded = Adapter(f"trained-{one.adapter_digest[:12]}", one.adapter_digest, state / one.folder / ADAPTER)
    return Contender(Model(f"experiment {one.name}", base_digest, one.adapter_digest), adapter=loaded)
