"""The drawing and the row of each gate: the good side, the right scale, and what the number counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.decisions import Finding, GateResult
from harness.core.estimates import Comparison, Estimate
from harness.core.releases import Gate, Place, Subset
from harness.core.verdicts import Role, Verdict
from harness.report.gates import gates_part, span_of
from harness.report.text import lines
from harness.report.words import SPACE
from tests.report import made

SHARE = Estimate(0.71, 0.655, 0.76, 0.95, 240, "exact")
CHANGE = Comparison(0.90, 0.85, 0.05, 0.01, 0.09, 0.95, 240, "Tango")


def result(rule: str, threshold: float, evidence: Estimate | Comparison, subset: Subset | None = None) -> GateResult:
    against = None if rule in ("at_least", "at_most", "no_critical_failures") else "base"
    gate = Gate("triage.accuracy", rule, threshold, against, Role.GATING, Place("release.yaml", 9), subset)
    bound = -threshold if rule == "margin" else threshold
    return GateResult(gate, Verdict.PASS, Finding(evidence, bound, True), "It passes.", "It passes.")


@pytest.mark.parametrize(
    ("rule", "threshold", "evidence", "good", "bound"),
    [
        ("at_least", 0.6, SHARE, "above", "60 %"),
        ("at_most", 0.8, SHARE, "below", "80 %"),
        ("margin", 0.03, CHANGE, "above", "−3.0 points"),
        ("improves", 0.0, CHANGE, "above", "no difference"),
        ("win_rate", 0.6, SHARE, "above", "60 %"),
        ("no_critical_failures", 0.03, Estimate(0.0, 0.0, 0.02, 0.95, 150, "exact"), "below", "3 %"),
    ],
)
def test_the_good_side_and_the_bound(
    rule: str, threshold: float, evidence: Estimate | Comparison, good: str, bound: str
) -> None:
    drawn = span_of(result(rule, threshold, evidence))
    assert (drawn.good, drawn.bound_text.replace(SPACE, " ")) == (good, bound)


def test_a_number_that_is_not_the_metric_says_what_it_counts() -> None:
    part = Subset("class", "billing")
    decision = replace(made.decision(), results=(result("win_rate", 0.6, SHARE, part),))
    head = lines(decision, 120, colour=False)[0].replace(SPACE, " ")
    assert "triage.accuracy[class billing]  wins 71.0 % (65.5 to 76.0 %), better than base on over 60 %" in head
    found = gates_part(replace(made.material(), decision=decision))
    assert found.plots[0].name == "triage.accuracy[class billing]"
    assert "wins, n = 240" in str(found.table.rows[0])
