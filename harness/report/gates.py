"""The gates: what each asks, what was found, and how far the one is from the other."""

from __future__ import annotations

from markupsafe import Markup

from harness.core.decisions import Evidence, GateResult
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.verdicts import Role
from harness.report import charts, words
from harness.report.guard import label
from harness.report.material import Material
from harness.report.page import Cell, Gates, Plot, Table, mark, missing, number

SENTENCE = 600
_ROLES = {
    Role.CRITICAL: "must pass",
    Role.GATING: "must pass",
    Role.GUARDRAIL: "must not fail",
    Role.ADVISORY: "for information",
}


def gates_part(material: Material) -> Gates:
    """Every gate as a drawing in words for a client, and as a row of numbers for an engineer."""
    results = material.decision.results
    head = (
        Cell("Gate"),
        Cell("Verdict"),
        *(Cell(name, "number") for name in ("Candidate", "Baseline", "Difference", "Interval", "Threshold")),
        Cell("Finding"),
    )
    rows = tuple(_row(result, material.policy_alpha) for result in results)
    table = Table("All gates in numbers", head, rows, style="cards")
    return Gates(tuple(_plot(result) for result in results), table, interval_note(material.policy_alpha))


def interval_note(alpha: float) -> str:
    """What the intervals of this page are."""
    both, one = words.plain_share(1 - 2 * alpha), words.plain_share(1 - alpha)
    return f"Intervals are two-sided at {both}: each of their limits holds with {one} confidence on its own."


def _row(result: GateResult, alpha: float) -> tuple[Cell, ...]:
    gate, finding = result.gate, result.finding
    waived = "waived" if result.waived else ""
    return (
        Cell(label(gate.what), note=f"{gate.role}: {_ROLES[gate.role]}"),
        Cell(f"{words.GLYPHS[result.verdict]} {result.verdict}", f"verdict {result.verdict.lower()}", waived),
        *_numbers(result, finding.evidence, alpha),
        Cell(label(words.rule(gate)), "number rule"),
        Cell(label(result.sentence, SENTENCE), "sentence", label(finding.reason, SENTENCE)),
    )


def _numbers(result: GateResult, evidence: Evidence, alpha: float) -> tuple[Cell, ...]:
    """Candidate, baseline, difference and interval."""
    gate, bound = result.gate, result.finding.bound
    unit, nothing = words.unit_of(gate.metric), number(words.NOTHING)
    if gate.is_check:
        return nothing, nothing, nothing, nothing
    if isinstance(evidence, Unestimable):
        return missing(label(evidence.reason, SENTENCE)), nothing, nothing, nothing
    usual = abs(1 - alpha - evidence.level) < 1e-9
    special = "" if usual else f"limits at {words.plain_share(evidence.level)}"
    between = number(words.evidence_interval(gate, evidence, bound), special)
    value = words.evidence_value(gate, evidence, bound)
    if isinstance(evidence, Estimate):
        of = words.counted(gate)
        return number(value, f"{of + ', ' if of else ''}n = {evidence.n:,}"), nothing, nothing, between
    first, second = words.apart(evidence.candidate, evidence.baseline, unit), unit(evidence.baseline, 1)
    ours = number(first, words.count(evidence.pairs, "pair"))
    return ours, number(second, label(gate.against or "")), number(value), between


def _plot(result: GateResult) -> Plot:
    gate, finding = result.gate, result.finding
    value = words.evidence_value(gate, finding.evidence, finding.bound)
    return Plot(
        name=label(gate.what),
        detail=label(words.rule(gate)) + f" · {_ROLES[gate.role]}",
        value=value,
        svg=Markup("") if gate.is_check else charts.span(span_of(result)),
        mark=mark(result.verdict),
        sentence=label(result.client_sentence, SENTENCE),
    )


def span_of(result: GateResult) -> charts.Span:
    """A gate's evidence against its bound, as it is drawn."""
    gate, finding = result.gate, result.finding
    evidence, unit = finding.evidence, words.evidence_unit(gate, finding.evidence)
    bound_text = words.bound(gate, finding.bound)
    shown = words.evidence_value(gate, evidence, finding.bound)
    limits = words.evidence_interval(gate, evidence, finding.bound)
    title = f"{gate.what}: {shown}, interval {limits}, threshold {bound_text}, {result.verdict}"
    good, tone = words.good_side(gate), result.verdict.lower()
    if isinstance(evidence, Unestimable):
        return charts.Span(title, finding.bound, bound_text, tone=tone, good=good)
    value = evidence.difference if isinstance(evidence, Comparison) else evidence.value
    ends = (evidence.low, evidence.high)
    low, high = ("" if limit is None else words.apart(limit, finding.bound, unit) for limit in ends)
    return charts.Span(title, finding.bound, bound_text, value, *ends, low, high, tone, good)
