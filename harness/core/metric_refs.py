"""Names of metrics: `suite.metric`, or `suite.task.metric` where a suite has several tasks; and the reserved ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.core.releases import Suite

LATENCY = {"latency.p50": 0.50, "latency.p95": 0.95, "latency.p99": 0.99}
ERRORS = "errors.rate"
RESERVED = ("latency", "throughput", "cost", "errors")


@dataclass(frozen=True, slots=True)
class MetricRef:
    """Where a metric's scores are found."""

    suite: str
    task: str
    metric: str


def metric_refs(suites: Iterable[Suite]) -> dict[str, MetricRef]:
    """Every metric that the suites give, by the name that gates use."""
    found: dict[str, MetricRef] = {}
    for suite in suites:
        for task in suite.tasks:
            prefix = suite.name if len(suite.tasks) == 1 else f"{suite.name}.{task.name}"
            for spec in task.metrics:
                found[f"{prefix}.{spec.name}"] = MetricRef(suite.name, task.name, spec.name)
    return found
