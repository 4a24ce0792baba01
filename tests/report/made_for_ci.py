"""Decisions with a gate for each thing that CI has to tell apart."""

from __future__ import annotations

from dataclasses import replace

from harness.core.decisions import Decision, GateResult, WaiverUse
from harness.core.errors import ConfigError, OutsideError, Problem
from harness.core.estimates import Estimate, Unestimable
from harness.core.places import Place
from harness.core.policies import Waiver
from harness.core.verdicts import Role, Verdict
from harness.report.ci.cases import Ending, ending
from tests.report import made

FILE = "models/desk/release.yaml"
BAD = f"x|y\n[a](http://evil.example) <img src=x> @root #12 `z` www.evil.example {made.HOSTILE} \ud800\ufffe\x85::stop"
RATE = Estimate(0.91, 0.875, None, 0.95, 240, "Clopper-Pearson")
WAIVER = Waiver("orders.exact_match:at_least", "ada@example.com", "known gap | #7", 0.1, "2026-12-31", None, None,
                Place("waivers.yaml", 2))  # fmt: skip


def result(metric: str, verdict: Verdict, role: str, line: int, **changes: object) -> GateResult:
    """A gate at a line of release.yaml."""
    evidence = Unestimable("the server was lost", 0) if verdict is Verdict.ERROR else RATE
    one = made.gate(metric, "at_least", 0.9, evidence, verdict, role=role)
    finding = replace(one.finding, outside=bool(changes.pop("outside", False)))
    one = replace(one, gate=replace(one.gate, place=Place("release.yaml", line)), finding=finding)
    return replace(one, **changes)  # type: ignore[arg-type]


def results() -> tuple[GateResult, ...]:
    """One for each effect, the best first."""
    return (
        result("triage.accuracy", Verdict.PASS, "critical", 11),
        result("triage.macro_f1", Verdict.FAIL, "advisory", 12),
        result("orders.exact_match", Verdict.FAIL, "gating", 13, waived=True),
        result("general.accuracy", Verdict.INCONCLUSIVE, "guardrail", 14),
        result("summaries.rouge_l", Verdict.INCONCLUSIVE, "gating", 15),
        result("errors.rate", Verdict.ERROR, "gating", 16, outside=True),
        result("latency.p95", Verdict.ERROR, "gating", 17),
        result("bias.accuracy", Verdict.FAIL, "gating", 18),
    )


def decision(**changes: object) -> Decision:
    """A decision over `results()` with a waiver that is used."""
    used = WaiverUse(WAIVER, "used", "orders.exact_match, waived by ada@example.com: it lies 4 points below.")
    parts = {"results": results(), "verdict": Verdict.FAIL, "waivers": (used,), **changes}
    return replace(made.decision(results=()), **parts)  # type: ignore[arg-type]


def hostile() -> Decision:
    """Every text that is not ours is an attack."""
    one = result(f"{BAD}.accuracy", Verdict.FAIL, "gating", 3, sentence=BAD)
    one = replace(one, finding=replace(one.finding, evidence=Unestimable(BAD)))
    waiver = WaiverUse(replace(WAIVER, gate=one.gate.id, owner=BAD, reason=BAD), "used", BAD)
    waived = replace(one, waived=True)
    twice = (one, waived, result("m", Verdict.FAIL, str(Role.ADVISORY), 5, sentence=BAD * 90))
    return decision(results=twice, release=BAD, reason=BAD, notes=(BAD,), waivers=(waiver,), candidate={BAD: BAD})


def broken() -> Ending:
    """Two problems of the configuration."""
    problems = (Problem("'at_leest' is no key.", "release.yaml", 16, "Did you mean 'at_least'?"),
                Problem(f"no such label {BAD}", "suites/triage.yaml", 4))  # fmt: skip
    return ending(FILE, ConfigError(problems))


def lost() -> Ending:
    """The outside failed."""
    return ending(FILE, OutsideError("http://tgi:8080 does not answer."))
