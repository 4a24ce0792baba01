"""What is guaranteed: from the bounds of the promises that were kept, rounded to the safe side."""

from __future__ import annotations

from harness.core.decisions import GateResult
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.metric_refs import CLEAN
from harness.core.policies import Gate
from harness.core.verdicts import Verdict
from harness.report import words
from harness.report.client import figures
from harness.report.client.names import Names
from harness.report.client.page import Section
from harness.report.client.promises import promised
from harness.report.client.wording import start, tell


def guaranteed_section(names: Names) -> Section:
    """One sentence for each promise that was kept without an exception."""
    say, decision = names.say, names.material.decision
    held = "" if decision.verdict is Verdict.PASS else "_held"
    kept = [one for one in decision.results if one.verdict is Verdict.PASS]
    points = tuple(dict.fromkeys(text for result in kept if (text := _guarantee(result, names))))
    intro = say[f"guaranteed{held}_intro"] if points else say["guaranteed_none"]
    nav, heading = say[f"nav_guaranteed{held}"], say[f"heading_guaranteed{held}"]
    return Section("guaranteed", nav, heading, paragraphs=(intro,), points=points)


def _guarantee(result: GateResult, names: Names) -> str:
    """The strongest sentence that the bound supports; a check is no guarantee for other cases."""
    evidence = result.finding.evidence
    if result.gate.is_check or isinstance(evidence, Unestimable):
        return ""
    told = _difference(result, evidence, names) if isinstance(evidence, Comparison) else _alone(result, evidence, names)
    return start(told) or promised(result, names)


def _alone(result: GateResult, found: Estimate, names: Names) -> str:
    gate, say, sure = result.gate, names.say, words.plain_share(found.level)
    about = names.about(gate)
    if gate.rule == "no_critical_failures" and found.high is not None:
        count, value = words.count(found.n, "answer"), figures.at_most(found.high)
        return tell(say, "guaranteed_critical", short=names.short(gate), count=count, sure=sure, value=value)
    if words.counted(gate):
        return ""
    if words.good_side(gate) == "below" and found.high is not None:
        value = _at_most(gate, found.high)
        return tell(say, "guaranteed_at_most", about=about, value=value, sure=sure)
    if words.good_side(gate) == "below" or found.low is None or found.low < 0.001:
        return ""
    share, of = figures.out_of(found.low)
    case, where = names.case(gate), names.where(gate.metric)
    if case and share:
        numbers = {"share": f"{share:,}", "of": f"{of:,}"}
        return tell(say, "guaranteed_cases", case=case, where=where, sure=sure, **numbers)
    return tell(say, "guaranteed_at_least", about=about, value=figures.at_least(found.low), sure=sure)


def _at_most(gate: Gate, high: float) -> str:
    """An upper bound, rounded up."""
    if gate.unit:
        return figures.money_up(high, gate.unit)
    return (figures.seconds_up if words.is_amount(gate) else figures.at_most)(high)


def _difference(result: GateResult, found: Comparison, names: Names) -> str:
    gate, say, low = result.gate, names.say, found.low
    if low is None or words.is_amount(gate):
        return ""
    values = {"about": names.about(gate), "sure": words.plain_share(found.level)}
    if low <= 0:
        values["value"] = figures.points_up(-low)
        if gate.against == CLEAN:
            return tell(say, "guaranteed_clean", **values)
        return tell(say, "guaranteed_no_worse", other=names.role(gate.against or ""), **values)
    if gate.against == CLEAN or low < 0.001:
        return ""
    return tell(
        say, "guaranteed_better", other=names.role(gate.against or ""), value=figures.points_down(low), **values
    )
