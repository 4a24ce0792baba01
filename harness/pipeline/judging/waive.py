"""Waivers: the gates that an owner's word keeps from counting. A waiver is its gate once more, with a wider bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date

from harness.config.waivers import not_waivable, widened
from harness.core.decisions import Decision, Finding, GateResult, WaiverUse
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.ids import digest_json
from harness.core.metric_refs import LATENCY
from harness.core.policies import Gate, Waiver
from harness.core.releases import Release
from harness.core.samples import Json
from harness.core.verdicts import Role, Verdict
from harness.gates import _wording

USED = "used"


def waive(
    release: Release,
    results: Sequence[GateResult],
    candidate: Mapping[str, Json],
    decided: str,
    find: Callable[[Gate], Finding],
) -> tuple[tuple[GateResult, ...], tuple[WaiverUse, ...]]:
    """The results with those marked that a waiver covers, and what became of each waiver, in the file's order.

    `decided` is the ISO time of the decision, by whose day a waiver expires. `find` judges a gate on the same evidence.
    """
    by_id = {result.gate.id: result for result in results}
    uses = []
    for one in release.waivers:
        outcome, why = _outside(one, release, candidate, decided) or _outcome(one, by_id.get(one.gate), find)
        sentence = f"{_title(one)}: {why}."
        uses.append(WaiverUse(one, outcome, sentence))
    waived = {use.waiver.gate: use.waiver for use in uses if use.outcome == USED}
    marked = (_waived(one, waived[one.gate.id]) if one.gate.id in waived else one for one in results)
    return tuple(marked), tuple(uses)


def _waived(result: GateResult, waiver: Waiver) -> GateResult:
    """The result with its mark; the client is not told that a release is held which is not."""
    alone = _wording.client(replace(result.gate, role=Role.ADVISORY), result.verdict, result.finding)
    accepted = f"{waiver.owner} accepts this until {waiver.expires}."
    return replace(result, waived=True, client_sentence=f"{alone} {accepted}")


def waivers_digest(waivers: Iterable[Waiver]) -> str:
    """Digest of what the waivers say, wherever in the file it stands."""
    return digest_json([{key: value for key, value in asdict(one).items() if key != "place"} for one in waivers])


def named(uses: Iterable[WaiverUse]) -> str:
    """The gates that used waivers cover, each with its owner: for the line that a decision ends with."""
    return ", ".join(_title(use.waiver) for use in uses if use.outcome == USED)


def _title(waiver: Waiver) -> str:
    return f"{waiver.gate} (owner {waiver.owner}, until {waiver.expires})"


def expired_since(decision: Decision, now: str) -> tuple[Waiver, ...]:
    """The waivers that a decision rests on and that hold no more at an ISO time."""
    return tuple(use.waiver for use in decision.waivers if use.outcome == USED and _is_over(use.waiver, now))


def _outside(waiver: Waiver, release: Release, candidate: Mapping[str, Json], decided: str) -> tuple[str, str] | None:
    """What becomes of a waiver that is not for this decision, and why; None where it is."""
    if waiver.release not in (None, release.name):
        return "elsewhere", f"the waiver is for the release {waiver.release}"
    if waiver.adapter is not None and not str(candidate.get("adapter_digest")).startswith(waiver.adapter):
        return "elsewhere", f"the waiver is for the adapter {waiver.adapter}"
    return ("expired", "the waiver has expired, so it changes nothing") if _is_over(waiver, decided) else None


def _outcome(waiver: Waiver, result: GateResult | None, find: Callable[[Gate], Finding]) -> tuple[str, str]:
    """What becomes of a waiver that is for this decision, and why."""
    if result is None:
        return "elsewhere", "the release has no such gate"
    if result.verdict is Verdict.PASS:
        return "unused", "the gate passes, so nothing had to be waived"
    if result.gate.role is Role.GUARDRAIL and result.verdict is Verdict.INCONCLUSIVE:
        return "unused", "a guardrail that is INCONCLUSIVE blocks nothing, so nothing had to be waived"
    uncovered = not_waivable(result.gate) or _uncovered(waiver, result, find)
    if uncovered:
        return "too_narrow", uncovered
    return USED, f"a drop of up to {_amounts(result.gate, waiver.largest_drop)[0]} is accepted ({waiver.reason})"


def _is_over(waiver: Waiver, moment: str) -> bool:
    return date.fromisoformat(moment[:10]) > date.fromisoformat(waiver.expires)


def _uncovered(waiver: Waiver, result: GateResult, find: Callable[[Gate], Finding]) -> str:
    """Why a waiver does not cover what was found; "" where it does: where its gate passes with the wider bound."""
    finding, gate, drop = result.finding, result.gate, waiver.largest_drop
    if result.verdict is Verdict.ERROR:
        return "the gate could not be judged, and a waiver covers a drop, never missing evidence"
    wider = find(widened(gate, drop))
    reason = finding.reason or wider.reason
    if reason or isinstance(finding.evidence, Unestimable):
        return f"{reason or 'there is no evidence'}; a waiver covers a drop, never weak evidence"
    if wider.passes:
        return ""
    missed = _missed(gate, finding.evidence, finding.bound)
    if missed is None:
        return f"the waiver accepts a drop of {_amounts(gate, drop)[0]}, and nothing bounds the drop"
    accepted, possible = _amounts(gate, drop, missed)
    return f"the waiver accepts a drop of {accepted}, and {possible} can't be ruled out"


def _missed(gate: Gate, evidence: Estimate | Comparison, bound: float) -> float | None:
    """By how much the bound may be missed, as far as the evidence goes; None where it does not tell."""
    if gate.rule in ("at_most", "at_most_share"):
        return None if evidence.high is None else evidence.high - bound
    return None if evidence.low is None else bound - evidence.low


def _amounts(gate: Gate, *values: float) -> tuple[str, ...]:
    """Amounts in the metric's unit, with as many digits as it takes to tell them apart: 4.0 points, 5.1 points."""
    factor, unit = (1, gate.unit or "s") if gate.unit or gate.metric in LATENCY else (100, "points")
    for digits in range(1, 9 if gate.unit else 6):
        texts = tuple(f"{factor * value:.{digits}f}" for value in values)
        if len(set(texts)) == len(set(values)) and 0.0 not in map(float, texts):
            break
    return tuple(f"{text} {unit}" for text in texts)
