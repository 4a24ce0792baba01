"""The gates: what each asks, what was found, and how far the one is from the other."""

from __future__ import annotations

from harness.core.decisions import Evidence, GateResult
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.verdicts import Role
from harness.report import words
from harness.report.guard import label
from harness.report.internal.page import GatePart, GatesPart, exhibit
from harness.report.material import Material
from harness.report.page import Cell, Table, anchor, mark, missing, number
from harness.report.pictures.intervals import IntervalRow, intervals

SENTENCE = 600
_ROLES = {
    Role.CRITICAL: "must pass",
    Role.GATING: "must pass",
    Role.GUARDRAIL: "must not fail",
    Role.ADVISORY: "for information",
}


def gates_part(material: Material) -> GatesPart:
    """Every gate with its evidence: drawn together, each in words, and all as rows of numbers."""
    results, alpha = material.decision.results, material.alpha
    names = ("Candidate", "Baseline", "Difference", "Interval", "Threshold")
    head = (Cell("Gate"), Cell("Verdict"), *(Cell(name, "number") for name in names), Cell("Method"))
    table = Table("All gates against their thresholds", head, tuple(_row(one, alpha) for one in results), style="cards")
    drawn = intervals([interval_row(one) for one in results if not one.gate.is_check])
    seen: dict[str, int] = {}
    return GatesPart(tuple(_part(one, seen) for one in results), exhibit(drawn, table), interval_note(alpha))


def interval_note(alpha: float) -> str:
    """What the intervals of this page are."""
    both, one = words.plain_share(1 - 2 * alpha), words.plain_share(1 - alpha)
    return f"Intervals are two-sided at {both}: each of their limits holds with {one} confidence on its own."


def gate_anchor(gate_id: str) -> str:
    """The id of a gate within the page: a link to it ends in # and this."""
    return anchor("gate", gate_id)


def _part(result: GateResult, seen: dict[str, int]) -> GatePart:
    """A gate in words. An id that was `seen` is numbered: every id of a page is there once."""
    gate, finding = result.gate, result.finding
    seen[gate.id] = again = seen.get(gate.id, 0) + 1
    between = words.evidence_interval(gate, finding.evidence, finding.bound)
    return GatePart(
        id=gate_anchor(gate.id) + (f"-{again}" if again > 1 else ""),
        name=label(gate.what),
        mark=mark(result.verdict),
        value=words.evidence_value(gate, finding.evidence, finding.bound),
        interval="" if between == words.NOTHING else between,
        asks=f"{label(words.rule(gate))} · {gate.role}: {_ROLES[gate.role]}",
        place=label(str(gate.place)),
        sentence=label(result.sentence, SENTENCE),
        answers=label(result.answers, SENTENCE),
        waived="Waived: this verdict does not count for the release." if result.waived else "",
    )


def _row(result: GateResult, alpha: float) -> tuple[Cell, ...]:
    gate, finding = result.gate, result.finding
    method = getattr(finding.evidence, "method", words.NOTHING)
    return (
        Cell(label(gate.what), note="; ".join(filter(None, [f"{gate.role}: {_ROLES[gate.role]}", gate.better.note]))),
        Cell(
            f"{words.GLYPHS[result.verdict]} {result.verdict}",
            f"verdict {result.verdict.lower()}",
            "waived" if result.waived else "",
        ),
        *_numbers(result, finding.evidence, alpha),
        Cell(label(words.rule(gate)), "number rule"),
        Cell(label(method), note=label(finding.reason, SENTENCE)),
    )


def _numbers(result: GateResult, evidence: Evidence, alpha: float) -> tuple[Cell, ...]:
    """Candidate, baseline, difference and interval."""
    gate, bound = result.gate, result.finding.bound
    unit, nothing = words.unit_of(gate.metric, gate.unit), number(words.NOTHING)
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


def interval_row(result: GateResult) -> IntervalRow:
    """A gate's evidence against its bound, as it is drawn."""
    gate, finding = result.gate, result.finding
    evidence = finding.evidence
    limits = (None, None) if isinstance(evidence, Unestimable) else (evidence.low, evidence.high)
    return IntervalRow(
        name=label(gate.what),
        verdict=result.verdict,
        value=_value(evidence),
        low=limits[0],
        high=limits[1],
        bound=finding.bound,
        good="above" if words.good_side(gate) == "above" else "below",
        family="seconds" if words.is_amount(gate) else "points",
        value_text=words.evidence_value(gate, evidence, finding.bound),
        bound_text=label(words.rule(gate)),
    )


def _value(evidence: Evidence) -> float | None:
    if isinstance(evidence, Comparison):
        return evidence.difference
    return evidence.value if isinstance(evidence, Estimate) else None
