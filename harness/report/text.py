"""A decision on one terminal screen."""

from __future__ import annotations

from harness.core.decisions import Decision, GateResult
from harness.core.verdicts import Verdict
from harness.report import words
from harness.report.guard import label
from harness.report.screen import wrapped

_COLOURS = {Verdict.PASS: "32", Verdict.FAIL: "31", Verdict.INCONCLUSIVE: "33", Verdict.ERROR: "35"}
_INDENT = 14
_NARROWEST = 40


def lines(decision: Decision, width: int, colour: bool) -> list[str]:
    """Each gate with its numbers and its sentence, the waivers, the notes, then the release's verdict and reason.

    No line is wider than `width` columns (40 at least); `colour` adds ANSI colours, which take no columns.
    """
    width = max(width, _NARROWEST)
    found: list[str] = []
    for result in decision.results:
        found += [*_gate(result, width, colour), ""]
    for use in decision.waivers:
        found += [*_beside(f"waiver {use.outcome.replace('_', ' ')}: {use.sentence}", width), ""]
    notes = [line for note in decision.notes for line in _beside(f"note: {note}", width)]
    found += [*notes, ""] if notes else []
    return [*found, *_block(decision.verdict, f"{decision.release}: {decision.reason}", width, colour)]


def _gate(result: GateResult, width: int, colour: bool) -> list[str]:
    gate, finding = result.gate, result.finding
    value = words.evidence_value(gate, finding.evidence, finding.bound)
    limits = words.evidence_interval(gate, finding.evidence, finding.bound)
    shown = value if limits == words.NOTHING else f"{value} ({limits})"
    of = f"{words.counted(gate)} " if words.counted(gate) and limits != words.NOTHING else ""
    asked = words.rule(gate) if gate.is_check else f"{of}{shown}, {words.rule(gate)}"
    head = f"{gate.what}  {asked}  [{gate.role}{', waived' if result.waived else ''}]"
    beside = [line for text in (result.sentence, result.answers) if text for line in _beside(text, width)]
    return [*_block(result.verdict, head, width, colour), *beside]


def _beside(text: str, width: int) -> list[str]:
    """A text right of the margin."""
    return [" " * _INDENT + line for line in wrapped(label(text, 600), width - _INDENT)]


def _block(verdict: Verdict, text: str, width: int, colour: bool) -> list[str]:
    """The verdict in the margin, the text beside it."""
    word = f"{verdict.value:<{_INDENT}}"
    if colour:
        word = f"\x1b[1;{_COLOURS[verdict]}m{word}\x1b[0m"
    first, *rest = wrapped(label(text, 600), width - _INDENT) or [""]
    return [word + first, *(" " * _INDENT + line for line in rest)]
