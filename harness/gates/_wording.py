"""One sentence for the engineer and one for the client. Numbers are rounded here, never before."""

from __future__ import annotations

from harness.core.decisions import Finding
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.metric_refs import LATENCY
from harness.core.releases import Gate
from harness.core.verdicts import Verdict


def engineer(gate: Gate, verdict: Verdict, finding: Finding, unproven: str | None = None) -> str:
    """What was found, with its bounds, and why that gives the verdict."""
    evidence = finding.evidence
    if unproven:
        return f"{gate.metric}: {unproven} → {verdict}."
    if isinstance(evidence, Unestimable):
        more = _more(finding) if verdict is Verdict.INCONCLUSIVE else ""
        return f"{gate.metric}: {finding.reason or evidence.reason} → {verdict}{more}."
    shown = _comparison(gate, evidence, finding) if isinstance(evidence, Comparison) else _estimate(gate, evidence)
    return f"{gate.metric}: {shown}{_because(gate, verdict, finding)} → {verdict}{_more(finding, verdict)}."


def client(gate: Gate, verdict: Verdict, finding: Finding) -> str:
    """The same in plain words: a guarantee, a refusal, or not enough to promise."""
    what = gate.metric.replace(".", " ").replace("_", " ")
    n = _n(finding)
    if verdict is Verdict.PASS:
        return _promise(gate, what, n, finding)
    if verdict is Verdict.FAIL:
        worse = "worse than today's model by more than was agreed" if gate.against else "below what was agreed"
        return f"On {what}, the new model is measurably {worse}, so it is not released."
    if verdict is Verdict.INCONCLUSIVE:
        return f"We do not have enough evidence yet to promise that {what} is as agreed."
    return f"{what.capitalize()} could not be judged: {finding.reason}."


def _promise(gate: Gate, what: str, n: int, finding: Finding) -> str:
    level = f"{_level(finding):.0%}"
    bound = _value(gate, gate.threshold)
    if gate.rule == "margin":
        within = _points(gate.threshold)
        return f"On {n} test cases, {what} is at least as good as before to within {within}, with {level} confidence."
    if gate.rule == "improves":
        return f"On {n} test cases, {what} is better than before, with {level} confidence."
    side = "above" if gate.rule == "at_least" else "below"
    return f"On {n} test cases, {what} is {side} {bound}, with {level} confidence."


def _estimate(gate: Gate, found: Estimate) -> str:
    low = "none" if found.low is None else _value(gate, found.low)
    high = "none" if found.high is None else _value(gate, found.high)
    return f"{_value(gate, found.value)} on {found.n} samples, 95 % bounds {low} to {high}".replace(
        "95 %", f"{100 * found.level:g} %"
    )


def _comparison(gate: Gate, found: Comparison, finding: Finding) -> str:
    low = "none" if found.low is None else _points(found.low, sign=True)
    high = "none" if found.high is None else _points(found.high, sign=True)
    return (
        f"candidate {_value(gate, found.candidate)}, {gate.against} {_value(gate, found.baseline)}, "
        f"{_points(found.difference, sign=True)} on {found.pairs} pairs, "
        f"{100 * found.level:g} % bounds {low} to {high}"
    )


def _because(gate: Gate, verdict: Verdict, finding: Finding) -> str:
    if finding.reason and verdict is not Verdict.PASS:
        return f"; {finding.reason}"
    wanted = {
        "at_least": f"above {_value(gate, gate.threshold)}",
        "at_most": f"below {_value(gate, gate.threshold)}",
        "margin": f"above {_points(-gate.threshold, sign=True)}",
        "improves": "above 0",
    }[gate.rule]
    if verdict is Verdict.PASS:
        return f", the near one {wanted} as asked"
    if verdict is Verdict.FAIL:
        return f": even the better bound is not {wanted}"
    return f": not shown to be {wanted}, nor the contrary"


def _more(finding: Finding, verdict: Verdict = Verdict.INCONCLUSIVE) -> str:
    if verdict is not Verdict.INCONCLUSIVE or finding.needed is None or finding.needed <= _n(finding):
        return ""
    return f" (no result on {_n(finding)} samples can pass; at least {finding.needed} are needed)"


def _n(finding: Finding) -> int:
    evidence = finding.evidence
    return evidence.pairs if isinstance(evidence, Comparison) else evidence.n


def _level(finding: Finding) -> float:
    return 0.95 if isinstance(finding.evidence, Unestimable) else finding.evidence.level


def _value(gate: Gate, value: float) -> str:
    if gate.metric in LATENCY:
        return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
    return f"{100 * value:.1f} %"


def _points(value: float, sign: bool = False) -> str:
    return f"{100 * value:+.1f} points" if sign else f"{100 * value:g} points"
