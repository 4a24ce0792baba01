"""What an answered request costs, by the release's prices as they stand now, with the bounds that a gate would have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.core.decisions import Decision
from harness.core.errors import OutsideError
from harness.core.estimates import Estimate, Unestimable
from harness.core.metric_refs import COST, MEASURED_RUN
from harness.core.policies import Policy
from harness.core.presentation import Price, Prices
from harness.pipeline.judging.costs import clusters, spent
from harness.pipeline.judging.evidence import Material
from harness.pipeline.judging.material import material_of
from harness.pipeline.workspace import Workspace
from harness.report.material import CANDIDATE
from harness.report.service import Cost
from harness.stats.analysis import absolute
from harness.stats.series import Settings
from harness.store import bundle

if TYPE_CHECKING:
    import duckdb


def costs(material: Material, prices: Prices | None, policy: Policy) -> tuple[Cost, ...]:
    """Each model of a decision that has a price, in the order of its runs."""
    if prices is None:
        return ()
    priced = prices.models
    return tuple(
        _cost(role, material, priced[role], prices.currency, policy) for role in material if role in priced
    )  # fmt: skip


def _cost(role: str, material: Material, price: Price, currency: str, policy: Policy) -> Cost:
    found = spent(role, material, price)
    if isinstance(found, Unestimable):
        return Cost(role, None, currency, found.reason)
    mean = float(found.amounts.sum() / found.answered.sum())
    settings = Settings(policy.alpha, policy.resamples, policy.seed, policy.min_samples)
    bounds = absolute(found.series(clusters(material, [found])), settings).evidence
    low, high = (bounds.low, bounds.high) if isinstance(bounds, Estimate) else (None, None)
    return Cost(role, mean, currency, "", found.prompt, found.generated, low, high)


def past_cost(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, decision: Decision, prices: Prices | None
) -> Cost | None:
    """What an answered request to a decision's candidate cost in its measured phase, without bounds.

    None where it has no price, there was no such phase, or its bundle is gone or was changed.
    """
    price = prices.models.get(CANDIDATE) if prices else None
    phase = decision.runs.get(CANDIDATE, {}).get(MEASURED_RUN)
    if prices is None or price is None or phase is None or not bundle.is_finished(workspace.run(phase)):
        return None
    try:
        measured = material_of(connection, workspace, {CANDIDATE: {MEASURED_RUN: phase}})
    except OutsideError:  # an older decision's bundle is no evidence of the one that is reported
        return None
    found = spent(CANDIDATE, measured, price)
    if isinstance(found, Unestimable):
        return Cost(CANDIDATE, None, prices.currency, found.reason)
    mean = float(found.amounts.sum() / found.answered.sum())
    return Cost(CANDIDATE, mean, prices.currency, "", found.prompt, found.generated)


def judged_cost(decision: Decision) -> Cost | None:
    """The candidate's cost as a gate on cost.request found it, from the decision alone; None where no gate did."""
    for result in decision.results:
        found, gate = result.finding.evidence, result.gate
        if gate.metric == COST and gate.unit and isinstance(found, Estimate):
            return Cost(CANDIDATE, found.value, gate.unit, low=found.low, high=found.high)
    return None
