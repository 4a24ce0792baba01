"""The candidate against each baseline, metric by metric, on the samples that both answered."""

from __future__ import annotations

from collections.abc import Mapping

from harness.core.estimates import Comparison, Unestimable
from harness.report import charts, words
from harness.report.guard import label
from harness.report.material import Material, result_of
from harness.report.measures import Measure, compare, measures
from harness.report.page import Cell, Comparing, Plot, Table, heads, missing, number

Found = tuple[Measure, Comparison | Unestimable]


def comparison_parts(material: Material) -> tuple[Comparing, ...]:
    """One part for each baseline that was run."""
    return tuple(_part(material, baseline) for baseline in material.baselines)


def _part(material: Material, baseline: str) -> Comparing:
    gated = _evidence(material, baseline)
    found = [
        (measure, gated.get(measure.name) or _compared(material, measure, baseline))
        for measure in measures(material.candidate)
    ]
    name = label(baseline)
    table = Table(
        f"Candidate against {name}",
        heads("Metric", "Candidate", name, "Difference", "Interval", "Pairs"),
        tuple(_row(measure, comparison) for measure, comparison in found),
        note="Differences are oriented so that more is better.",
    )
    return Comparing(name, _plots(found, name), table)


def _evidence(material: Material, baseline: str) -> Mapping[str, Comparison]:
    """What the gates have found already: a page must not show two intervals for one thing."""
    return {
        result.gate.what: result.finding.evidence
        for result in material.decision.results
        if result.gate.against == baseline and isinstance(result.finding.evidence, Comparison)
    }


def _compared(material: Material, measure: Measure, baseline: str) -> Comparison | Unestimable:
    ours = result_of(material.candidate, measure.suite, measure.task)
    theirs = result_of(material.runs[baseline], measure.suite, measure.task)
    if ours is None or theirs is None:
        return Unestimable(f"{baseline if ours else 'the candidate'} has not run this task")
    return compare(measure.info, ours, theirs, material.policy_alpha)


def _row(measure: Measure, found: Comparison | Unestimable) -> tuple[Cell, ...]:
    name, nothing = Cell(label(measure.name)), number(words.NOTHING)
    if isinstance(found, Unestimable):
        return name, missing(label(found.reason, 300)), nothing, nothing, nothing, nothing
    return (
        name,
        number(words.percent(found.candidate)),
        number(words.percent(found.baseline)),
        Cell(words.points(found.difference), f"number {_tone(found)}"),
        number(words.interval(found.low, found.high, words.points), label(found.method)),
        number(f"{found.pairs:,}"),
    )


def _plots(found: list[Found], baseline: str) -> tuple[Plot, ...]:
    """All differences on one scale, so that they compare by eye."""
    spans = [
        (measure, known, _span(measure, known, baseline)) for measure, known in found if isinstance(known, Comparison)
    ]
    if not spans:
        return ()
    scale = charts.scale_of(*(span for _, _, span in spans))
    return tuple(
        Plot(
            label(measure.name),
            f"{words.percent(known.candidate)} against {words.percent(known.baseline)}",
            words.points(known.difference),
            charts.span(span, scale),
        )
        for measure, known, span in spans
    )


def _span(measure: Measure, found: Comparison, baseline: str) -> charts.Span:
    limits = words.interval(found.low, found.high, words.points)
    difference = words.points(found.difference)
    title = f"{measure.name}: candidate minus {baseline} is {difference}, interval {limits}"
    low, high = ("" if limit is None else words.points(limit) for limit in (found.low, found.high))
    tone = _tone(found)
    return charts.Span(title, 0.0, "no difference", found.difference, found.low, found.high, low, high, tone)


def _tone(found: Comparison) -> str:
    """Better or worse only where the interval leaves no doubt."""
    if found.low is not None and found.low > 0:
        return "better"
    return "worse" if found.high is not None and found.high < 0 else "neutral"
