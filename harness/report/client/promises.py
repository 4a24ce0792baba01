"""What was agreed, and what came of it: each gate in one plain sentence."""

from __future__ import annotations

from dataclasses import replace

from harness import catalog
from harness.core.decisions import GateResult
from harness.core.directions import Better
from harness.core.estimates import Comparison, Unestimable
from harness.core.metric_refs import CLEAN
from harness.core.policies import Gate
from harness.core.verdicts import Role, Verdict
from harness.gates import _wording
from harness.gates.interface import Rule, Said
from harness.report import words
from harness.report.client.endings import endings_beside
from harness.report.client.names import Names, day
from harness.report.client.page import Promise
from harness.report.client.wording import start, tell
from harness.report.guard import label
from harness.report.page import Mark

_ROLES = {
    Role.CRITICAL: "role_must",
    Role.GATING: "role_must",
    Role.GUARDRAIL: "role_guard",
    Role.ADVISORY: "role_info",
}


def promise(result: GateResult, names: Names) -> Promise:
    """A gate as the client reads it."""
    return Promise(
        name=start(names.short(result.gate)),
        mark=mark(result, names),
        sentence=sentence(result, names),
        detail=_detail(result, names),
    )


def mark(result: GateResult, names: Names) -> Mark:
    """A verdict in plain words; a waived one looks like none of the others."""
    if result.waived:
        return Mark(names.say["gate_waived"], "§", Verdict.INCONCLUSIVE.lower())
    verdict = result.verdict
    return Mark(names.say[f"gate_{verdict.lower()}"], words.GLYPHS[verdict], verdict.lower())


def _detail(result: GateResult, names: Names) -> str:
    """What was agreed, what was found, and what hangs on it."""
    evidence, bound = result.finding.evidence, result.finding.bound
    value = "" if isinstance(evidence, Unestimable) else words.evidence_value(result.gate, evidence, bound)
    found = [tell(names.say, "found", value=value)] if value else []
    beside = endings_beside(result.gate, names)
    return " ".join(
        [agreed(result.gate, names), *found, *([beside] if beside else []), names.say[_ROLES[result.gate.role]]]
    )


def agreed(gate: Gate, names: Names) -> str:
    """What was asked of the new model."""
    return names.say["agreed_check"] if gate.is_check else tell(names.say, "agreed", rule=rule(gate, names))


def rule(gate: Gate, names: Names) -> str:
    """A gate's rule with the baseline by its plain name."""
    return words.rule(replace(gate, against=names.role(gate.against)) if gate.against else gate)


def rule_short(gate: Gate, names: Names) -> str:
    """The same for a picture, where there is little room."""
    return words.rule(replace(gate, against=names.role_short(gate.against)) if gate.against else gate)


def sentence(result: GateResult, names: Names) -> str:
    """What came of a gate. Reasons are told by their kind: their own words are for engineers."""
    told = _check(result, names) if result.gate.is_check else _sentence(result, names)
    if not result.waived:
        return told
    use = next((use.waiver for use in names.material.decision.waivers if use.waiver.gate == result.gate.id), None)
    owner, until = (label(use.owner), day(use.expires)) if use else (words.NOTHING, words.NOTHING)
    return tell(names.say, "sentence_waived", sentence=told, owner=owner, until=until)


def promised(result: GateResult, names: Names) -> str:
    """The sentence of a gate that passes."""
    return start(_plug(result.gate).promise(said(result, names)))


def said(result: GateResult, names: Names) -> Said:
    """What the sentences of a rule are made of, in plain names."""
    gate = result.gate
    found = _wording.said_of(gate, result.finding)
    other = "" if gate.against is None else names.role(gate.against)
    limit = found.limit if _plug(gate).of == "difference" else words.bound(gate, gate.threshold)
    other = found.other if gate.against == CLEAN else other
    sure = found.sure.replace(" ", words.SPACE)
    return replace(found, what=names.about(gate), other=other, limit=limit.replace(" ", words.SPACE), sure=sure)


def why(result: GateResult, names: Names) -> str:
    """Why a gate is not shown or not judged, in plain words without hosts, paths or samples."""
    finding, evidence = result.finding, result.finding.evidence
    if finding.outside:
        return names.say["why_lost"]
    if isinstance(evidence, Unestimable):
        return names.say["why_no_evidence"]
    n = evidence.pairs if isinstance(evidence, Comparison) else evidence.n
    if finding.needed is not None and finding.needed > n:
        return tell(names.say, "why_few", count=words.count(n, "test case"), needed=f"{finding.needed:,}")
    if finding.reason or evidence.low is None or evidence.high is None:
        return names.say["why_weak"]
    unit = words.evidence_unit(result.gate, evidence)
    low, high = (words.apart(limit, finding.bound, unit) for limit in (evidence.low, evidence.high))
    value = words.evidence_value(result.gate, evidence, finding.bound)
    if isinstance(evidence, Comparison):
        other = names.role(result.gate.against or "")
        return tell(names.say, "why_open_other", value=value, low=low, high=high, other=other)
    return tell(names.say, "why_open", value=value, low=low, high=high)


def _sentence(result: GateResult, names: Names) -> str:
    say, about = names.say, names.about(result.gate)
    match result.verdict:
        case Verdict.PASS if result.gate.rule == "margin":
            return _no_worse(result, names)
        case Verdict.PASS:
            return promised(result, names)
        case Verdict.FAIL:
            refusal = _plug(result.gate).refusal(said(result, names))
            return tell(say, "sentence_fail", about=about, refusal=refusal)
        case Verdict.INCONCLUSIVE:
            return f"{tell(say, 'sentence_inconclusive', about=about)} {why(result, names)}"
    return f"{start(tell(say, 'sentence_error', about=about))} {why(result, names)}"


def _no_worse(result: GateResult, names: Names) -> str:
    """A margin that is kept: "worse, if at all" would read as if it were worse."""
    found = said(result, names)
    key = "sentence_margin_clean" if found.unchanged else "sentence_margin"
    key += "_lower" if result.gate.better is Better.LOWER else ""
    values = {} if found.unchanged else {"other": found.other}
    return tell(names.say, key, cases=found.cases, about=found.what, limit=found.limit, sure=found.sure, **values)


def _check(result: GateResult, names: Names) -> str:
    key = f"sentence_check_{result.verdict.lower()}"
    return start(tell(names.say, key, check=names.about(result.gate)))


def _plug(gate: Gate) -> Rule:
    plug: Rule = catalog.plug("gates", gate.rule)(gate.threshold)
    return plug
