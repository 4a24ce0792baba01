"""Names of metrics: `suite.metric`, or `suite.task.metric` where a suite has several tasks; and the reserved ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.core.suites import Suite

LATENCY = {"latency.p50": 0.50, "latency.p95": 0.95, "latency.p99": 0.99}
ERRORS = "errors.rate"
COST = "cost.request"  # what an answered request costs, by the release's prices
MEASURED = ("latency", "errors")  # judged on the measured phase
MEASURED_RUN = "measured"  # the name of that phase's run, in the place of a suite's
CLEAN = "clean"  # no baseline, but the candidate's own run on the samples before they were perturbed
RESERVED = (*MEASURED, "throughput", "cost", MEASURED_RUN)


@dataclass(frozen=True, slots=True)
class MetricRef:
    """Where a metric's scores are found; `clean` is (suite, task) of the task that this one perturbs."""

    suite: str
    task: str
    metric: str
    clean: tuple[str, str] | None = None


def metric_refs(suites: Iterable[Suite]) -> dict[str, MetricRef]:
    """Every metric that the suites give, by the name that gates use."""
    found: dict[str, MetricRef] = {}
    for suite in suites:
        for task in suite.tasks:
            prefix = suite.name if len(suite.tasks) == 1 else f"{suite.name}.{task.name}"
            for spec in task.metrics:
                found[f"{prefix}.{spec.name}"] = MetricRef(suite.name, task.name, spec.name, task.clean)
    return found
