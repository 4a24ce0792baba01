"""Which run of a suite counts: of the very same questions there may be several, and the newest does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from harness.core.metric_refs import MEASURED_RUN
from harness.core.releases import Release
from harness.core.samples import Json
from harness.core.suites import Suite
from harness.pipeline.baselines import Contender
from harness.pipeline.looks import look_digests
from harness.pipeline.running.measure import PlannedMeasurement, is_measured, plan_measurement
from harness.pipeline.running.reruns import may_change, times_asked
from harness.pipeline.running.run import PlannedRun, is_fresh, plan_run
from harness.pipeline.workspace import Workspace


def newest_run(
    release: Release,
    suite: Suite,
    contender: Contender,
    server: Mapping[str, Json],
    again: frozenset[str],
    before: Iterable[PlannedRun] = (),
) -> PlannedRun:
    """The run that counts: the newest of the same questions, or the one that is to be asked anew.

    `before` are the runs of the look before, which this one goes on from.
    """
    workspace = Workspace(release.root)
    if contender.place == "human":  # another file of answers is another run already
        return plan_run(suite, contender, server, release.seed)
    digests = look_digests(release, suite.name)

    def of_looks(count: int) -> list[PlannedRun]:
        return [plan_run(replace(suite, digest=digest), contender, server, release.seed, count) for digest in digests]

    known = [run.again for run in before if _same_models(run, suite, contender)]
    expires = release.policy.max_age if may_change(server) else None
    count = known[0] if known else times_asked(of_looks, workspace, suite.name in again, expires)
    planned, last = (plan_run(suite, contender, server, release.seed, number) for number in (count, max(0, count - 1)))
    return replace(planned, replaces=last.id) if count and is_fresh(last, workspace) else planned


def newest_measurement(
    release: Release, who: Sequence[Contender], server: Mapping[str, Json], again: frozenset[str]
) -> PlannedMeasurement | None:
    """The measured phase that counts, or the one that is to be measured anew."""
    workspace = Workspace(release.root)

    def planned(count: int) -> list[PlannedMeasurement]:
        return [measurement] if (measurement := plan_measurement(release, who, server, count)) else []

    if not planned(0):
        return None
    count = times_asked(
        planned, workspace, MEASURED_RUN in again, release.policy.max_age if may_change(server) else None
    )
    (measurement,), (last,) = planned(count), planned(max(0, count - 1))
    return replace(measurement, replaces=last.id) if count and is_measured(last, workspace) else measurement


def _same_models(planned: PlannedRun, suite: Suite, contender: Contender) -> bool:
    return planned.suite.name == suite.name and planned.model.role == contender.model.role
