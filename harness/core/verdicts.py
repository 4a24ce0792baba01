"""Verdicts and roles, and how the verdicts of gates make the verdict of a release."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """What a gate, or a release, is found to be."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    ERROR = "ERROR"


class Role(StrEnum):
    """How much a gate's verdict counts for the release.

    critical, gating: must PASS. guardrail: a FAIL or an ERROR blocks, INCONCLUSIVE is shown. advisory: shown only.
    """

    CRITICAL = "critical"
    GATING = "gating"
    GUARDRAIL = "guardrail"
    ADVISORY = "advisory"


def release_verdict(gates: Iterable[tuple[Role, Verdict]], waived: Iterable[Role] = ()) -> Verdict:
    """The release's verdict from those of its gates; `waived` are the roles of gates left out of them by a waiver.

    FAIL if a blocking gate FAILs; else ERROR if one is ERROR or no gate must pass; else INCONCLUSIVE if a critical
    or gating one is; else PASS. No gate that must pass is an ERROR: nothing was asked, so nothing was shown. Where all
    that must pass are waived, something was asked and nothing shown: INCONCLUSIVE.
    """
    blocking = [(role, verdict) for role, verdict in gates if role is not Role.ADVISORY]
    required = [verdict for role, verdict in blocking if role is not Role.GUARDRAIL]
    if any(verdict is Verdict.FAIL for _, verdict in blocking):
        return Verdict.FAIL
    nothing_asked = not required and not any(role in (Role.CRITICAL, Role.GATING) for role in waived)
    if nothing_asked or any(verdict is Verdict.ERROR for _, verdict in blocking):
        return Verdict.ERROR
    if not required or any(verdict is Verdict.INCONCLUSIVE for verdict in required):
        return Verdict.INCONCLUSIVE
    return Verdict.PASS
