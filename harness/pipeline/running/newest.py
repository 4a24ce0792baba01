"""Which run of a suite counts: of the very same questions there may be several, and the newest does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from harness.core.metric_refs import MEASURED_RUN
from harness.core.releases import Release, Suite
from harness.core.samples import Json
from harness.pipeline.baselines import Contender
from harness.pipeline.looks import look_digests
from harness.pipeline.running.again import can_move, times_asked
from harness.pipeline.running.measure import PlannedMeasurement, is_measured, plan_measurement
from harness.pipeline.running.run import PlannedRun, is_fresh, plan_run
from harness.pipeline.workspace import Workspace


def newest_run(
    release: Release,
    suite: Suite,
    one: Contender,
    server: Mapping[str, Json],
    again: frozenset[str],
    before: Iterable[PlannedRun] = (),
) -> PlannedRun:
    """The run that counts: the newest of the same questions, or the one that is to be asked anew.

    `before` are the runs of the look before, which this one goes on from.
    """
    workspace = Workspace(release.root)
    if one.place == "human":  # another file of answers is another run already
        return plan_run(suite, one, server, release.seed)
    digests = look_digests(release, suite.name)

    def of_looks(count: int) -> list[PlannedRun]:
        return [plan_run(replace(suite, digest=each), one, server, release.seed, count) for each in digests]

    known = [each.again for each in before if _same_models(each, suite, one)]
    expires = release.policy.max_age if can_move(server) else None
    count = known[0] if known else times_asked(of_looks, workspace, suite.name in again, expires)
    planned, last = (plan_run(suite, one, server, release.seed, each) for each in (count, max(0, count - 1)))
    return replace(planned, replaces=last.id) if count and is_fresh(last, workspace) else planned


def newest_measurement(
    release: Release, who: Sequence[Contender], server: Mapping[str, Json], again: frozenset[str]
) -> PlannedMeasurement | None:
    """The measured phase that counts, or the one that is to be measured anew."""
    workspace = Workspace(release.root)

    def planned(count: int) -> list[PlannedMeasurement]:
        return [found] if (found := plan_measurement(release, who, server, count)) else []

    if not planned(0):
        return None
    count = times_asked(planned, workspace, MEASURED_RUN in again, release.policy.max_age if can_move(server) else None)
    (found,), (last,) = planned(count), planned(max(0, count - 1))
    return replace(found, replaces=last.id) if count and is_measured(last, workspace) else found


def _same_models(planned: PlannedRun, suite: Suite, one: Contender) -> bool:
    return planned.suite.name == suite.name and planned.model.role == one.model.role
