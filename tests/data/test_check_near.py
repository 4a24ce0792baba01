from collections.abc import Sequence

from harness.data.checks import contradictions, near
from harness.data.checks.interface import Setting
from harness.data.findings import DataFinding, Severity
from harness.data.rows import DataRow

TEXT = "The parcel with my new kettle came on Monday but the lid was broken and the box was wet"


def found(check: type, rows: Sequence[tuple[str, str]]) -> list[DataFinding]:
    made = check(Setting())
    batch = [DataRow("train.jsonl", line, "response", *row, turns=()) for line, row in enumerate(rows, 1)]
    made.look(batch[:2])
    made.look(batch[2:])
    return list(made.findings())


def lines(finding: DataFinding) -> list[int]:
    return [place.line for place in finding.places]


def test_a_near_copy_is_a_warning_and_dropped_by_fix() -> None:
    (finding,) = found(near.Check, [(TEXT, "returns"), ("Hello there", "other"), (TEXT + ", sadly", "returns")])
    assert (finding.check, finding.severity, lines(finding)) == ("near", Severity.WARNING, [1, 3])
    assert [place.line for place in finding.drop] == [3]


def test_equal_rows_are_left_to_the_exact_check() -> None:
    assert found(near.Check, [(TEXT, "returns"), (TEXT.upper(), "returns"), (TEXT + "  ", "Returns")]) == []


def test_another_answer_to_nearly_the_same_is_told_apart() -> None:
    (finding,) = found(near.Check, [(TEXT, "returns"), (TEXT + "!", "shipping"), ("Hi", "other")])
    assert (finding.check, finding.severity, lines(finding)) == ("contradictions", Severity.WARNING, [1, 2])
    assert finding.drop == ()


def test_contradictions_and_copies_of_one_group_are_both_told() -> None:
    rows = [(TEXT, "returns"), (TEXT + " ok", "shipping"), (TEXT + " then", "returns")]
    both = found(near.Check, rows)
    assert [(finding.check, lines(finding)) for finding in both] == [("contradictions", [1, 2, 3]), ("near", [1, 3])]


def test_long_answers_may_differ_a_little_but_records_may_not() -> None:
    said = "The customer says that the lid of the kettle was broken and wants to get another one"
    assert [one.check for one in found(near.Check, [(TEXT, said), (TEXT + " ok", said + " soon")])] == ["near"]
    record = (
        '{"order": "NL-50317", "product": "milk frothers of the new kind", "name": "Tomasz Wierzba", "quantity": %d}'
    )
    opposed = found(near.Check, [(TEXT, record % 2), (TEXT + " ok", record % 3)])
    assert [one.check for one in opposed] == ["contradictions"]


def test_an_exact_contradiction_is_an_error() -> None:
    rows = [("Where is it?", "shipping"), ("Hi", "other"), ("where is  it?", "billing"), ("Hi", "Other")]
    (finding,) = found(contradictions.Check, rows)
    assert (finding.severity, lines(finding)) == (Severity.ERROR, [1, 3])
    assert finding.message == "2 rows ask the same and are answered in 2 ways."


def test_beyond_some_groups_the_rest_is_counted() -> None:
    rows = [(f"question {number}", label) for number in range(250) for label in ("a", "b")]
    *_, last = told = found(contradictions.Check, rows)
    assert len(told) == contradictions.MOST_TOLD + 1
    assert last.count == 100
    assert "50 more inputs" in last.message


def test_no_rows_no_findings() -> None:
    assert found(near.Check, []) == found(contradictions.Check, []) == []
