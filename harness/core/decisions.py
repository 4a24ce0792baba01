"""Judgement as values: what each gate found, and the decision that rests on all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.policies import Gate, Waiver
from harness.core.samples import Json
from harness.core.verdicts import Verdict

Evidence = Estimate | Comparison | Unestimable
# How many answers of a model ended how: role -> "suite.task" -> core.endings.Ending -> count
Endings = Mapping[str, Mapping[str, Mapping[str, int]]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a gate's rule found, before the FAIL claims of all gates are corrected together.

    `bound` is the threshold on the evidence's own scale (T for an absolute rule, -margin or 0 for a comparison).
    `passes`: the bound on the good side clears it. `p_fail`: one-sided p of "worse than the bound" (None: no claim).
    `verdict` is set where statistics have nothing to say: ERROR or INCONCLUSIVE, with the `reason`. `outside` tells
    that the infrastructure is to blame for an ERROR, and not the configuration.
    """

    evidence: Evidence
    bound: float
    passes: bool = False
    p_fail: float | None = None
    verdict: Verdict | None = None
    reason: str = ""
    needed: int | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True)
class GateResult:
    """A gate's verdict, its evidence, and one sentence each for an engineer and for a client.

    `waived`: the verdict stands as it is, and a waiver keeps it from counting for the release. `answers` says how many
    of the answers that the gate looks at were cut off, unreadable or empty; "" where none was.
    """

    gate: Gate
    verdict: Verdict
    finding: Finding
    sentence: str
    client_sentence: str
    waived: bool = False
    answers: str = ""


@dataclass(frozen=True, slots=True)
class WaiverUse:
    """What became of a waiver: `used`, `unused` (its gate passes), `expired`, `too_narrow`, or `elsewhere` (it is for
    another release or adapter); and that in one sentence."""

    waiver: Waiver
    outcome: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and all that it rests on. `id` is the digest of everything but the time.

    `attempts` tells for each task how many candidates were judged on its samples, this one included. `looks` is
    (which look at the samples this is, how many were declared). `endings` tells how the answers of each model ended.
    `asked` is when each run was asked, an ISO time by role and suite. Older decisions have neither.
    """

    id: str
    release: str
    verdict: Verdict
    reason: str
    results: tuple[GateResult, ...]
    runs: Mapping[str, Mapping[str, str]]
    candidate: Mapping[str, Json]
    digests: Mapping[str, str]
    notes: tuple[str, ...]
    decided: str
    waivers: tuple[WaiverUse, ...] = ()
    attempts: Mapping[str, int] = field(default_factory=dict)
    looks: tuple[int, int] = (1, 1)
    endings: Endings = field(default_factory=dict)
    asked: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
