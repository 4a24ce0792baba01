"""One sentence for the engineer and one for the client. Numbers are rounded here, never before."""

from __future__ import annotations

import math
from collections.abc import Callable

from harness import catalog
from harness.core.decisions import Evidence, Finding
from harness.core.directions import Better
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.metric_refs import CLEAN, LATENCY
from harness.core.policies import Gate
from harness.core.verdicts import Role, Verdict
from harness.gates.interface import OF_GROUPS, Rule, Said


def engineer(gate: Gate, verdict: Verdict, finding: Finding) -> str:
    """What was found, with its bounds, and why that gives the verdict."""
    evidence = finding.evidence
    if isinstance(evidence, Unestimable):
        found = finding.reason or evidence.reason
    else:
        found = f"{_found(gate, evidence)}; {_because(gate, verdict, finding, evidence)}"
    return f"{gate.what}: {found} → {verdict}{_more(finding) if verdict is Verdict.INCONCLUSIVE else ''}."


def client(gate: Gate, verdict: Verdict, finding: Finding) -> str:
    """The same in plain words: a guarantee, a refusal, or not enough to promise."""
    said = said_of(gate, finding)
    if verdict is Verdict.PASS:
        return _rule(gate).promise(said)
    if verdict is Verdict.FAIL:
        end = "" if gate.role is Role.ADVISORY else ", so it is not released"
        return f"On {said.what}, the new model {_rule(gate).refusal(said)}{end}."
    if verdict is Verdict.INCONCLUSIVE:
        return f"We do not have enough evidence yet to promise that {said.what} is as agreed."
    return f"{said.what[0].upper()}{said.what[1:]} could not be judged: {finding.reason}."


def _rule(gate: Gate) -> Rule:
    plug: Rule = catalog.plug("gates", gate.rule)(gate.threshold)
    return plug


def said_of(gate: Gate, finding: Finding) -> Said:
    """What the rule's sentences are made of."""
    what = gate.metric.replace(".", " ").replace("_", " ") + (f" ({gate.subset})" if gate.subset else "")
    sure = "" if isinstance(finding.evidence, Unestimable) else _level(finding.evidence)
    points = _rule(gate).of == "difference"
    limit = f"{100 * gate.threshold:g} points" if points else _exact(gate.threshold, _value(gate))
    other = "" if gate.against is None else "on the unchanged texts" if gate.against == CLEAN else f"“{gate.against}”"
    cases = f"{_n(finding)} groups of" if _grouped(finding.evidence) else f"{_n(finding)}"
    return Said(what, cases, sure, limit, other, gate.against == CLEAN)


def _found(gate: Gate, found: Estimate | Comparison) -> str:
    show = _value(gate)
    if isinstance(found, Estimate):
        of, cases = _rule(gate).of, "groups" if _grouped(found) else "pairs" if gate.against else "samples"
        return f"{of + ' ' if of else ''}{show(found.value, 1)} on {found.n} {cases}"
    change = ", difference" if gate.better is Better.HIGHER else f" ({gate.better.note}), improvement"
    return (
        f"candidate {show(found.candidate, 1)}, {gate.against} {show(found.baseline, 1)}"
        f"{change} {_points(found.difference, 1)} on {found.pairs} pairs"
    )


def _because(gate: Gate, verdict: Verdict, finding: Finding, found: Estimate | Comparison) -> str:
    """The bound that decides, beside what it had to clear."""
    if verdict is Verdict.FAIL and finding.verdict is Verdict.FAIL:
        return finding.reason
    above = _rule(gate).good == "above"
    good, bad = ("above", "below") if above else ("below", "above")
    near, far = (found.low, found.high) if above else (found.high, found.low)
    near_name, far_name = ("lower", "upper") if above else ("upper", "lower")
    show, level = _points if isinstance(found, Comparison) else _value(gate), _level(found)
    wanted = _exact(finding.bound, show) if finding.bound else "zero"
    if verdict is Verdict.PASS:
        return f"the {level} {near_name} bound, {_apart(near, finding.bound, show)}, is {good} {wanted}"
    if verdict is Verdict.FAIL:
        return f"even the {level} {far_name} bound, {_apart(far, finding.bound, show)}, is {bad} {wanted}"
    low, high = _apart(found.low, finding.bound, show), _apart(found.high, finding.bound, show)
    bounds = f"{level} bounds {low} to {high}"
    if finding.reason:
        return f"{bounds}; {finding.reason}"
    if far is not None and (far < finding.bound if above else far > finding.bound):
        return f"{bounds}: all {bad} {wanted}, but not by enough to call it a FAIL among all gates"
    return f"{bounds}: shown to be neither {good} nor {bad} {wanted}"


def _more(finding: Finding) -> str:
    if finding.needed is None or finding.needed <= _n(finding):
        return ""
    return f" (no result on {_n(finding)} samples can pass; at least {finding.needed} are needed)"


def _n(finding: Finding) -> int:
    evidence = finding.evidence
    return evidence.pairs if isinstance(evidence, Comparison) else evidence.n


def _grouped(evidence: Evidence) -> bool:
    return isinstance(evidence, Estimate) and evidence.method.endswith(OF_GROUPS)


def _level(found: Estimate | Comparison) -> str:
    return f"{100 * found.level:g} %"


Show = Callable[[float, int], str]


def _value(gate: Gate) -> Show:
    if gate.unit:
        return lambda value, digits: f"{_amount(value, digits)} {gate.unit}"
    return _seconds if gate.metric in LATENCY else _percent


def _percent(value: float, digits: int) -> str:
    return f"{100 * value:.{digits}f} %"


def _seconds(value: float, digits: int) -> str:
    return f"{value:.{digits + 1 if value < 10 else digits}f} s"


def _amount(value: float, digits: int) -> str:
    """An amount with two decimals, or as many as show one digit more than `digits` that tell."""
    places = math.ceil(-math.log10(abs(value))) if 0 < abs(value) < 1 else 0
    return f"{value:,.{max(2, places + digits)}f}"


def _points(value: float, digits: int) -> str:
    return f"{100 * value:+.{digits}f} points".replace("-", "−")


def _exact(value: float, show: Show) -> str:
    """A threshold with all its digits: who asked for 99.55 % is not told of 99.6 %."""
    texts = [show(value, digits) for digits in (1, 2, 3, 4)]
    return next(text for text in texts if _number(text) == _number(texts[-1]))


def _number(text: str) -> float:
    return float(text.split()[0].replace("−", "-").replace(",", ""))


def _apart(value: float | None, bound: float, show: Show) -> str:
    """A value with as many digits as it takes to tell it from the bound: 89.97 % is not 90.0 %."""
    if value is None:
        return "none"
    every = [digits for digits in (1, 2, 3, 4) if show(value, digits) != show(bound, digits)]
    return show(value, every[0] if every else 1)
