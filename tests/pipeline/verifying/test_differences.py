"""Two decisions are the same, or each field in which they differ is named with both values."""

from __future__ import annotations

from dataclasses import replace

from harness.core.verdicts import Verdict
from harness.pipeline.judging.judge import decision_id
from harness.pipeline.verifying.differences import differences
from tests.pipeline.hand_made import EVERY_RULE, WHOLE, decide, gate, material, result, some


def test_the_same_evidence_gives_no_difference_whenever_it_is_judged() -> None:
    assert (
        differences(decide(material(WHOLE), *EVERY_RULE), decide(material(WHOLE), *EVERY_RULE, decided="later")) == []
    )


def test_other_evidence_is_named_by_gate_and_field() -> None:
    asked = gate("s.accuracy", "at_least", 0.8)
    found = differences(decide(material(WHOLE), asked), decide(material(result(some(120, 200))), asked))
    assert "gate s.accuracy:at_least: verdict: PASS here, FAIL from the stored runs" in found
    assert any(one.startswith("gate s.accuracy:at_least: low: 0.9") for one in found)
    assert "verdict: PASS here, FAIL from the stored runs" in found


def test_a_line_that_moved_is_no_difference() -> None:
    one, other = (decide(material(WHOLE), gate("s.accuracy", "at_least", 0.8, line=line)) for line in (3, 7))
    assert differences(one, other) == []


def test_gates_that_come_or_go_are_named() -> None:
    one = decide(material(WHOLE), *EVERY_RULE)
    fewer = replace(one, results=one.results[1:])
    assert "gate s.accuracy:at_least: verdict: PASS here, nothing from the stored runs" in differences(one, fewer)
    assert "gate s.accuracy:at_least: verdict: nothing here, PASS from the stored runs" in differences(fewer, one)


def test_two_gates_of_one_name_do_not_hide_each_other() -> None:
    one = decide(material(WHOLE), *[gate("s.accuracy", "at_least", bound) for bound in (0.8, 0.5)])
    for index in (0, 1):
        results = list(one.results)
        results[index] = replace(results[index], verdict=Verdict.FAIL)
        assert len(differences(one, replace(one, results=tuple(results)))) == 1


def test_an_id_that_does_not_fit_is_a_difference() -> None:
    one = decide(material(WHOLE), gate("s.accuracy", "at_least", 0.8))
    assert differences(replace(one, id="f" * 64), one) == [f"id: {'f' * 12} here, {one.id[:12]} from the stored runs"]


def test_other_rules_are_all_that_is_said() -> None:
    one = decide(material(WHOLE), gate("s.accuracy", "at_least", 0.8))
    other = decide(material(WHOLE), gate("s.accuracy", "at_least", 0.999))
    assert [line.split(" is ")[0] for line in differences(one, other)] == ["the policy"]
    more = {**one.digests, "waivers": "w"}
    assert differences(one, replace(one, digests=more)) == [
        "waivers.yaml was not there when it was decided, and is now"
    ]


def test_digests_of_code_are_named_with_the_rest() -> None:
    one = decide(material(WHOLE), gate("s.accuracy", "at_least", 0.8))
    other = replace(one, digests={**one.digests, "metric accuracy": "other"})
    other = replace(other, id=decision_id(other))
    (found,) = differences(one, other)
    assert found.startswith("digests.metric accuracy: ")
    assert found.endswith(" here, other from the stored runs")
