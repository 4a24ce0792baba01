"""Material of each verdict, as clients would be sent it."""

from __future__ import annotations

from dataclasses import replace

from harness.core.decisions import Decision, GateResult, WaiverUse
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.places import Place
from harness.core.policies import Waiver
from harness.core.presentation import Presentation
from harness.core.verdicts import Verdict
from harness.report.client.wording import load_wording
from harness.report.material import Material
from tests.report import made

SAY = load_wording(None)
TOLD = Presentation("Northlight Support", "Northlight Ltd", "Ada Lovelace, ada@example.com")
FAILING = made.gate(
    "orders.exact_match", "at_least", 0.8, Estimate(0.6, 0.5, 0.7, 0.95, 90, "Clopper-Pearson"), Verdict.FAIL
)
LOST = made.gate(
    "triage.accuracy",
    "at_least",
    0.85,
    Unestimable("40 of 240 samples were not evaluated: http://tgi.internal:8080 said /srv/models is gone"),
    Verdict.ERROR,
    reason="40 of 240 samples were not evaluated: http://tgi.internal:8080 said /srv/models is gone",
)
CRITICAL = made.gate(
    "triage.format",
    "no_critical_failures",
    0.03,
    Estimate(0.0, 0.0, 0.0099, 0.95, 300, "Clopper-Pearson"),
    Verdict.PASS,
    role="critical",
)
CLEAN = made.gate(
    "robustness.queue.accuracy",
    "margin",
    0.15,
    Comparison(0.74, 0.90, -0.16, -0.26, -0.04, 0.95, 240, "t"),
    Verdict.INCONCLUSIVE,
    role="advisory",
)
CLEAN = replace(CLEAN, gate=replace(CLEAN.gate, against="clean"))


def waived(result: GateResult) -> tuple[GateResult, WaiverUse]:
    """A result that a waiver covers, with the waiver."""
    waiver = Waiver(
        result.gate.id, "Grace Hopper", "agreed by phone", 0.1, "2026-12-31", None, None, Place("waivers.yaml")
    )
    return replace(result, waived=True), WaiverUse(waiver, "used", "used")


def decided(verdict: Verdict, results: tuple[GateResult, ...], *waivers: WaiverUse) -> Decision:
    """A decision over these results, with a reason for engineers."""
    return replace(made.decision(verdict, results), waivers=waivers)


def material(
    verdict: Verdict, *results: GateResult, waivers: tuple[WaiverUse, ...] = (), **changes: object
) -> Material:
    """Everything of one decision."""
    return made.material(decision=decided(verdict, results, *waivers), **{"presentation": TOLD, **changes})


def materials() -> dict[str, Material]:
    """One material for each verdict, and one that passes by a waiver."""
    every = made.gates()
    passing = tuple(result for result in every if result.verdict is Verdict.PASS)
    exception, use = waived(FAILING)
    return {
        "pass": material(Verdict.PASS, *passing, CRITICAL, CLEAN),
        "waived": material(Verdict.PASS, *passing, exception, waivers=(use,)),
        "fail": material(Verdict.FAIL, *passing, FAILING),
        "inconclusive": material(Verdict.INCONCLUSIVE, *every),
        "error": material(Verdict.ERROR, LOST, *passing[1:]),
    }
