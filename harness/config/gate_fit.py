"""Whether a rule fits its metric, and whether gates contradict each other."""

from __future__ import annotations

from collections.abc import Sequence

from harness import catalog
from harness.core.errors import Problem
from harness.core.metric_refs import COST, LATENCY
from harness.core.releases import Gate, MetricSpec

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
    if anytime and aggregate not in ANYTIME:
        return "metric", f"{gate.metric} has no bound that holds at any time; write a number of 'looks' instead."
    return None


def contradictions(gates: Sequence[Gate]) -> list[Problem]:
    """Gates that no model can pass together: a metric above one threshold and below a smaller one."""
    found = []
    for low in gates:
        for high in gates:
            if high.rule != "at_most" or low.what != high.what or low.rule not in ("at_least", "no_critical_failures"):
                continue
            floor = low.threshold if low.rule == "at_least" else 1.0
            if floor >= high.threshold:
                later, other = sorted((low, high), key=lambda gate: gate.place.line or 0, reverse=True)
                where = f"{other.rule}' in line {other.place.line}"
                message = f"'{later.rule}' contradicts '{where}: no model can pass both on {low.what}."
                found.append(Problem(message, file=later.place.file, line=later.place.line))
    return found
