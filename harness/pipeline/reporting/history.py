"""How a release's gated metrics went from decision to decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.core.decisions import Decision, GateResult
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.verdicts import Verdict
from harness.core.versions import Registry
from harness.report.past import Past, PastPoint
from harness.report.record import from_json
from harness.report.service import Cost
from harness.report.words import counted
from harness.store import reader

if TYPE_CHECKING:
    import duckdb

NEWEST = 50
_WORST_FIRST = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.PASS)


def history(
    connection: duckdb.DuckDBPyConnection,
    decision: Decision,
    promoted: Registry,
    cost: Callable[[Decision], Cost | None] = lambda _: None,
) -> tuple[Past, ...]:
    """The newest 50 decisions of a decision's release, oldest first; that decision itself is always among them.

    `promoted` tells which of them are versions, and where those stand; `cost` what their candidates cost.
    """
    records = reader.decision_records(connection, decision.release, NEWEST)
    known = [from_json(record) for record in reversed(records)]
    if all(one.id != decision.id for one in known):
        known.insert(0, decision)
    versions = {version.decision: version.number for version in promoted.versions}
    return tuple(replace(_past(one, versions.get(one.id), promoted), cost=cost(one)) for one in known)


def _past(decision: Decision, version: int | None, promoted: Registry) -> Past:
    adapter = decision.candidate.get("adapter_digest")
    return Past(
        id=decision.id,
        decided=decision.decided,
        verdict=str(decision.verdict),
        reason=decision.reason,
        adapter=None if adapter is None else str(adapter),
        points=_points(decision),
        version=version,
        stage=promoted.stage_of(version) if version else None,
    )


def _points(decision: Decision) -> dict[str, PastPoint]:
    """Where several gates hold one thing, the worst verdict, and limits where one of them has any.

    A gate whose number counts wins or failures, and not the metric, gives no point.
    """
    by_what: dict[str, list[GateResult]] = {}
    for result in decision.results:
        if not result.gate.is_check and not counted(result.gate):
            by_what.setdefault(result.gate.what, []).append(result)
    found = {what: _point(results) for what, results in by_what.items()}
    return {what: point for what, point in found.items() if point is not None}


def _point(results: list[GateResult]) -> PastPoint | None:
    verdict = str(min((result.verdict for result in results), key=_WORST_FIRST.index))
    known = [one.finding.evidence for one in results if not isinstance(one.finding.evidence, Unestimable)]
    for evidence in known:
        if isinstance(evidence, Estimate):
            return PastPoint(evidence.value, evidence.low, evidence.high, verdict, results[0].gate.unit)
    return next((PastPoint(one.candidate, None, None, verdict) for one in known if isinstance(one, Comparison)), None)
