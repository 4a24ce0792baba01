"""The drawing, the words and the row of each gate: the good side, the right scale, and what the number counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.core.decisions import Finding, GateResult
from harness.core.estimates import Comparison, Estimate
from harness.core.places import Place
from harness.core.policies import Gate, Subset
from harness.core.verdicts import Role, Verdict
from harness.report.internal.gates import gate_anchor, gates_part, interval_row
from harness.report.text import lines
from harness.report.words import NOT_MEASURED, NOTHING, SPACE
from tests.report import made
from tests.report.internal.reading import notes, texts

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
        ("at_least", 0.6, SHARE, "above", "at least 60 %"),
        ("at_most", 0.8, SHARE, "below", "at most 80 %"),
        ("margin", 0.03, CHANGE, "above", "at most 3 points worse than base"),
        ("improves", 0.0, CHANGE, "above", "better than base"),
        ("win_rate", 0.6, SHARE, "above", "better than base on over 60 %"),
        (
            "no_critical_failures",
            0.03,
            Estimate(0.0, 0.0, 0.02, 0.95, 150, "exact"),
            "below",
            "no failure, shown rarer than 3 %",
        ),
    ],
)
def test_the_good_side_and_the_rule(
    rule: str, threshold: float, evidence: Estimate | Comparison, good: str, bound: str
) -> None:
    drawn = interval_row(result(rule, threshold, evidence))
    assert (drawn.good, drawn.bound_text.replace(SPACE, " ")) == (good, bound)
    value = evidence.difference if isinstance(evidence, Comparison) else evidence.value
    assert (drawn.value, drawn.low, drawn.high) == (value, evidence.low, evidence.high)
    assert drawn.bound == (-threshold if rule == "margin" else threshold)


def test_times_are_drawn_apart_from_shares() -> None:
    found = {row.name: row.family for row in map(interval_row, made.gates())}
    assert {name for name, family in found.items() if family == "seconds"} == {"latency.p95"}


def test_a_number_that_is_not_the_metric_says_what_it_counts() -> None:
    part = Subset("class", "billing")
    decision = replace(made.decision(), results=(result("win_rate", 0.6, SHARE, part),))
    head = lines(decision, 120, colour=False)[0].replace(SPACE, " ")
    assert "triage.accuracy[class billing]  wins 71.0 % (65.5 to 76.0 %), better than base on over 60 %" in head
    found = gates_part(replace(made.material(), decision=decision))
    assert found.gates[0].name == "triage.accuracy[class billing]"
    assert notes(found.exhibit.table)[0][2] == "wins, n = 240"


def test_each_gate_has_a_row_and_its_words() -> None:
    part = gates_part(made.material())
    assert len(part.gates) == len(part.exhibit.table.rows) == len(made.gates())
    margin = texts(part.exhibit.table)[3]
    assert (margin[0], margin[6]) == ("general.accuracy", "at most 5 points worse than base")
    assert part.gates[3].asks.replace(SPACE, " ") == "at most 5 points worse than base · guardrail: must not fail"
    assert part.gates[3].place == "release.yaml:30"


def test_a_gate_that_was_not_measured_has_no_number_anywhere() -> None:
    part = gates_part(made.material())
    cell = part.exhibit.table.rows[-1][2]
    assert (cell.text, cell.note) == (NOT_MEASURED, "40 samples are too few to prove anything here")
    assert (part.gates[-1].value, part.gates[-1].interval) == (NOT_MEASURED, "")
    drawn = interval_row(made.gates()[-1])
    assert (drawn.value, drawn.low, drawn.high, drawn.verdict) == (None, None, None, Verdict.ERROR)


def test_a_deep_link_leads_to_its_gate_even_where_two_have_one_name() -> None:
    twice = (*made.gates(), made.gates()[0])
    part = gates_part(made.material(decision=made.decision(results=twice)))
    ids = [gate.id for gate in part.gates]
    assert len({*ids}) == len(ids)
    assert ids[0] == gate_anchor(twice[0].gate.id)


def test_a_check_in_python_has_no_number_and_is_not_drawn() -> None:
    gate = Gate("tests/check.py::test_tone", "check", 0.0, None, Role.GATING, Place("release.yaml", 9))
    found = GateResult(gate, Verdict.PASS, Finding(SHARE, 0.0, True), "It passes.", "It passes.")
    part = gates_part(made.material(decision=made.decision(results=(found,))))
    assert texts(part.exhibit.table)[0][2:6] == [NOTHING] * 4
    assert part.exhibit.figure is None


def test_a_waived_gate_says_so_in_both_places() -> None:
    waived = replace(made.gates()[2], waived=True)
    part = gates_part(made.material(decision=made.decision(results=(waived,))))
    assert part.gates[0].waived == "Waived: this verdict does not count for the release."
    assert notes(part.exhibit.table)[0][1] == "waived"
