"""Whether a rule fits its metric."""

from __future__ import annotations

from harness import catalog
from harness.core.directions import Better
from harness.core.metric_refs import COST, LATENCY
from harness.core.policies import Gate
from harness.core.suites import MetricSpec

ANYTIME = ("rate", "mean")  # the aggregates with bounds that hold at any time


def aggregate_of(gate: Gate, spec: MetricSpec | None) -> str:
    """How a gate's evidence is aggregated; `spec` None is a metric of the measured phase."""
    if spec is None:
        return "cost" if gate.metric == COST else "quantile" if gate.metric in LATENCY else "rate"
    plug, kind = catalog.plug("metrics", spec.catalog_name), gate.subset.kind if gate.subset else ""
    found: str = plug.parts if kind == "field" else plug.aggregate
    return "f1" if kind == "class" and found == "macro_f1" else found


def misfit(gate: Gate, spec: MetricSpec | None, *, anytime: bool) -> tuple[str, str] | None:
    """The key and the message where a rule, or looking at any time, can't work on a metric; else None."""
    aggregate, wanted = aggregate_of(gate, spec), catalog.plug("gates", gate.rule).aggregates
    if spec and wanted and aggregate not in wanted:
        if wanted == ("cost",):
            return gate.rule, f"'{gate.rule}' is for {COST} only."
        kinds = " or ".join(wanted)
        return (
            gate.rule,
            f"'{gate.rule}' needs a metric that is a {kinds} over samples; {gate.metric} is a {aggregate}.",
        )
    if spec and _wrong_way(gate):
        return gate.rule, _wrong_way(gate)
    if anytime and aggregate not in ANYTIME:
        return "metric", f"{gate.metric} has no bound that holds at any time; write a number of 'looks' instead."
    return None


def _wrong_way(gate: Gate) -> str:
    """That a rule asks for the worse values of a suite's metric, and what to write; "" where it does not."""
    low = gate.better is Better.LOWER
    if gate.rule != ("at_least" if low else "at_most"):
        return ""
    write = "'at_most' with the largest value that you accept (0.1 is 10 %)"
    write = write if low else "'at_least' with the smallest value that you accept (0.9 is 90 %)"
    return f"'{gate.rule}' passes the worse models: {gate.better} values of {gate.metric} are better; write {write}."
