"""Why a release's verdict is what it is, in one line: the line that a command ends with."""

from __future__ import annotations

from collections.abc import Sequence

from harness.core.decisions import GateResult, WaiverUse
from harness.core.verdicts import Role, Verdict
from harness.pipeline.judging.waive import named

_WORDS = {
    Verdict.FAIL: ("fails", "fail"),
    Verdict.ERROR: ("could not be judged", "could not be judged"),
    Verdict.INCONCLUSIVE: ("is not shown", "are not shown"),
}


def reason_of(verdict: Verdict, results: Sequence[GateResult], waivers: Sequence[WaiverUse]) -> str:
    """The gates that the verdict rests on, and each waiver used with its owner."""
    waived = [result for result in results if result.waived]
    required = [result for result in results if result.gate.role in (Role.CRITICAL, Role.GATING)]
    if verdict is Verdict.PASS and any(result in required for result in waived):
        return f"all {len(required)} gates that must pass do, {len(waived)} by a waiver: {named(waivers)}."
    also = f"; waived: {named(waivers)}" if waived else ""
    return f"{_found(verdict, results, required)}{also}."


def _found(verdict: Verdict, results: Sequence[GateResult], required: Sequence[GateResult]) -> str:
    if verdict is Verdict.PASS:
        return f"all {len(required)} gates that must pass do" if len(required) > 1 else "the gate that must pass does"
    blocking = [result for result in results if result.gate.role is not Role.ADVISORY]
    holding = required if verdict is Verdict.INCONCLUSIVE else blocking
    named = dict.fromkeys(result.gate.what for result in holding if result.verdict is verdict and not result.waived)
    if named:
        return f"{', '.join(named)} {_WORDS[verdict][len(named) > 1]}"
    if verdict is Verdict.INCONCLUSIVE:
        return "every gate that must pass is waived, so nothing was shown"
    return "no gate has to pass, so nothing was shown"
