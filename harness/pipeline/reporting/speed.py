"""What the measured phase found of each model: how long answers took, how many failed, how many a second."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.core.decisions import Decision
from harness.core.estimates import Estimate
from harness.core.metric_refs import ERRORS, LATENCY
from harness.pipeline.judging.evidence import Judged
from harness.report.material import CANDIDATE
from harness.report.numbers import Own
from harness.report.service import Speed
from harness.stats.intervals import rate
from harness.stats.quantiles import quantile
from harness.store.columns import Floats, TaskColumns

MOST_TIMES = 2_000


def speed(measured: Judged | None, decision: Decision, alpha: float) -> tuple[Speed, ...]:
    """Each measured model, in the order of the run; nothing where nothing was measured.

    `alpha` is the one-sided error of each bound. What a gate found stands here as the gate found it.
    """
    if measured is None:
        return ()
    gates = _of_gates(decision)
    return tuple(
        _speed(role, columns, measured.run.figures, gates if role == CANDIDATE else {}, alpha)
        for role, columns in measured.results.items()
    )


def _of_gates(decision: Decision) -> dict[str, Own]:
    """The gates' own evidence on the measured phase, by metric: it is always the candidate's."""
    found = {result.gate.metric: result.finding.evidence for result in decision.results}
    return {
        metric: evidence
        for metric, evidence in found.items()
        if (metric in LATENCY or metric == ERRORS) and isinstance(evidence, Estimate)
    }


def _speed(
    role: str, columns: TaskColumns, figures: Mapping[str, float], gates: Mapping[str, Own], alpha: float
) -> Speed:
    times, failed, requests = columns.latencies.ravel(), int(columns.lost.sum()), columns.lost.size
    return Speed(
        role=role,
        requests=requests,
        failed=failed,
        failure_rate=gates.get(ERRORS) or rate(failed, requests, alpha),
        quantiles={
            name.removeprefix("latency."): gates.get(name) or quantile(times, q, alpha) for name, q in LATENCY.items()
        },
        requests_per_second=figures.get(f"{role}.requests_per_second"),
        tokens_per_second=figures.get(f"{role}.tokens_per_second"),
        times=_thinned(times),
    )


def _thinned(times: Floats) -> tuple[float, ...]:
    """The times of the answers that came, ascending; of many, evenly some, the least and the most among them."""
    known = np.sort(times[np.isfinite(times)])
    if len(known) > MOST_TIMES:
        known = known[np.linspace(0, len(known) - 1, MOST_TIMES).round().astype(np.int64)]
    return tuple(known.tolist())
