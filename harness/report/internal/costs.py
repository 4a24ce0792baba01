"""What answers cost, and what they are worth."""

from __future__ import annotations

from collections.abc import Sequence

from harness.core.estimates import Estimate
from harness.report import words
from harness.report.guard import label
from harness.report.internal.figures import REASON, known
from harness.report.internal.page import Exhibit, exhibit
from harness.report.material import Material
from harness.report.numbers import MetricNumbers
from harness.report.page import Cell, Picture, Table, heads, missing, number
from harness.report.pictures.costs import CostPoint, costs
from harness.report.service import BreakEven, Cost

_THOUSAND = 1_000


def costs_exhibit(material: Material) -> Exhibit | None:
    """A row for each model with a price; None where release.yaml declares none."""
    found = material.costs
    if not found:
        return None
    metric = _quality(material)
    head = heads("Model", "Cost", "Interval", "Prompt tokens", "Generated tokens")
    note = "By the prices of release.yaml as they stand now. Tokens are means of an answered request."
    table = Table("Cost of a thousand requests", head, tuple(_row(one) for one in found), note)
    if metric is None:
        return exhibit(None, table)
    return exhibit(_drawn(found, metric), table, f"Quality is {label(metric.name)}.")


def _row(one: Cost) -> tuple[Cell, ...]:
    price = missing(label(one.reason, REASON)) if one.per_request is None else number(money(one))
    between = words.interval(_thousand(one.low), _thousand(one.high), words.money(label(one.currency)))
    return Cell(label(one.role)), price, number(between), _tokens(one.prompt_tokens), _tokens(one.generated_tokens)


def money(one: Cost) -> str:
    """A thousand requests in the cost's currency, with two digits that tell at least: 0.042 EUR, 12.40 EUR."""
    amount = (one.per_request or 0.0) * _THOUSAND
    decimals = next((n for n in range(2, 7) if amount >= 10.0 ** (1 - n) or amount == 0), 7)
    return f"{amount:,.{decimals}f}{words.SPACE}{label(one.currency)}"


def break_even_note(found: BreakEven | None) -> str:
    """When the training has paid for itself, in a sentence; "" where no frontier is named."""
    if found is None:
        return ""
    who = label(found.frontier)
    if found.requests is None:
        how = "never comes" if found.never else "is not known"
        return f"The break-even against {who} {how}: {label(found.reason, REASON)}."
    paid = words.money(label(found.currency))(found.training or 0.0, 1)
    months = "" if found.months is None else f", {found.months:,.1f} months at {found.per_month:,} a month"
    latest = "perhaps never" if found.latest is None else f"at the latest after {words.rounded_up(found.latest)}"
    soonest = "" if found.soonest is None else f"at the soonest after {words.rounded_up(found.soonest)}, "
    after = f"after about {words.rounded_up(found.requests)} requests"
    return (
        f"In the place of {who} the training, {paid}, is paid for {after}{months} "
        f"({soonest}{latest}, by the bounds of both costs)."
    )


def _thousand(amount: float | None) -> float | None:
    return None if amount is None else amount * _THOUSAND


def _tokens(value: float | None) -> Cell:
    return missing("the answers do not tell") if value is None else number(f"{value:,.1f}")


def _quality(material: Material) -> MetricNumbers | None:
    """The first gated metric of a whole task, else the first metric of all."""
    metrics = {metric.name: metric for task in material.tasks for metric in task.metrics}
    gated = [result.gate.what for result in material.decision.results]
    return next((metrics[name] for name in (*gated, *metrics) if name in metrics), None)


def _drawn(found: Sequence[Cost], metric: MetricNumbers) -> Picture | None:
    points = [
        CostPoint(label(one.role), one.per_request * _THOUSAND, quality.value, quality.low, quality.high)
        for one, quality in ((one, _known(metric, one.role)) for one in found)
        if one.per_request is not None and quality is not None
    ]
    return costs(points, label(found[0].currency), label(metric.name)) if points else None


def _known(metric: MetricNumbers, role: str) -> Estimate | None:
    return known(metric.own.get(role))
