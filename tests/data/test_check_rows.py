"""Duplicates, patterns, targets and labels: what is found, and what is left alone."""

from __future__ import annotations

import pytest

from harness.data.checks.exact import normal
from harness.data.checks.interface import Setting
from harness.data.checks.patterns import skeleton
from harness.data.findings import Severity
from tests.data.made import dropped, found, lines, made, row

LABELS = ("billing", "shipping")


def test_rows_that_differ_in_case_spaces_and_unicode_form_are_the_same() -> None:
    rows = made([("Where is  my CAFÉ?", "a"), ("where is my cafe\u0301?", "A"), ("where is my tea?", "a")])
    [finding] = found("exact", rows)
    assert (finding.severity, finding.count, lines(finding), dropped([finding])) == (Severity.ERROR, 1, [1, 2], {2})
    assert "1 row is the same as rows.jsonl:1" in finding.message


def test_rows_with_another_target_system_prompt_or_words_apart_are_no_duplicates() -> None:
    rows = [row(1, "1 23", "a"), row(2, "12 3", "a"), row(3, "1 23", "b"), row(4, "1 23", "a", system="Be short.")]
    assert found("exact", rows) == []


def test_every_duplicate_is_dropped_though_few_groups_are_told() -> None:
    rows = made([(f"text {number % 50}", "a") for number in range(120)])
    findings = found("exact", rows)
    assert len(findings) == 21
    assert dropped(findings) == set(range(51, 121))
    assert sum(finding.count for finding in findings) == 70


def test_text_is_made_normal_the_same_way_on_both_paths() -> None:
    assert normal(" A b ") == normal("A  b") == normal("a\u00a0b") == "a b"


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Order NL-1 of 3 May, two kettles. Regards, Ana Lima", "# of # kettles. #"),
        ("please send two to ana@example.org by monday", "please send # to # by #"),
        ("Where is my card?", "where is my card?"),
        ("", ""),
    ],
)
def test_numbers_names_dates_and_addresses_are_masked(text: str, bare: str) -> None:
    assert skeleton(text) == bare


def test_more_than_five_rows_of_a_pattern_are_a_warning_and_three_a_note() -> None:
    many = [(f"my order {number} of kettles is late, {name}", "a") for number, name in enumerate("ABCDEF")]
    few = [(f"please cancel the order {number} for me", "a") for number in range(3)]
    warning, note = found("patterns", made([*many, *few]))
    assert (warning.severity, lines(warning)) == (Severity.WARNING, [1, 2, 3, 4, 5, 6])
    assert (note.severity, lines(note)) == (Severity.NOTE, [7, 8, 9])
    assert dropped([warning, note]) == set()


def test_texts_that_stand_twice_and_names_alone_are_no_pattern() -> None:
    assert (
        found("patterns", made([("my order 1 of kettles is late", "a")] * 9 + [(f"Order {n}", "a") for n in range(9)]))
        == []
    )


def test_empty_targets_are_errors() -> None:
    [finding] = found("targets", made([("a", " \n"), ("b", "b")]))
    assert (finding.severity, dropped([finding])) == (Severity.ERROR, {1})


def test_broken_json_is_an_error_where_the_others_are_json() -> None:
    whole = [(str(number), '{"a": 1}') for number in range(20)]
    [finding] = found("targets", made([*whole, ("x", '{"a": ')]))
    assert (finding.severity, dropped([finding])) == (Severity.ERROR, {21})
    assert found("targets", made([(str(number), f"[{number}] a list of mine") for number in range(9)])) == []


def test_a_target_that_ends_in_mid_sentence_is_told_where_the_others_end() -> None:
    whole = [(str(number), f"Customer {number} wants the money back for a broken kettle.") for number in range(20)]
    cut = ("x", "Customer wants the money back for a broken ket")
    [finding] = found("targets", made([*whole, cut]))
    assert (finding.severity, lines(finding)) == (Severity.WARNING, [21])
    assert found("targets", made([(asked, target.rstrip(".")) for asked, target in whole])) == []


def test_an_open_bracket_is_told_where_the_others_close_theirs() -> None:
    whole = [(str(number), f"Customer {number} wants the money (all of it) for the kettle.") for number in range(20)]
    [finding] = found("targets", made([*whole, ("x", "Customer wants the money (all of it for the kettle.")]))
    assert "bracket" in finding.message


def test_many_targets_of_the_very_same_greatest_length_look_cut() -> None:
    texts = [("word " * 40)[: 60 + number] + "." for number in range(30)] + [("other " * 40)[:119] + "."] * 8
    findings = found("targets", made([(str(number), text) for number, text in enumerate(texts)]))
    assert [finding.count for finding in findings if "exactly 120 characters" in finding.message] == [8]


def test_labels_outside_the_set_are_errors_but_spaces_are_mended() -> None:
    pairs = [(str(number), LABELS[number % 2]) for number in range(10)]
    findings = found(
        "labels", made([*pairs, ("x", "refunds"), ("y", "Billing"), ("z", "billing ")]), Setting(labels=LABELS)
    )
    assert [finding.severity for finding in findings] == [Severity.ERROR] * 3
    assert dropped(findings) == {11, 12}
    assert "(meant as 'billing'?)" in findings[1].message


def test_rows_of_other_tasks_need_no_label() -> None:
    ours = [row(number, str(number), LABELS[number % 2], "Which queue?") for number in range(10)]
    others = [row(number, str(number), f"A summary of text {number}.", "Sum up.") for number in range(10, 30)]
    assert found("labels", [*ours, *others], Setting(labels=LABELS)) == []


def test_a_missing_class_and_a_rare_one_are_warnings() -> None:
    pairs = [(str(number), "billing") for number in range(40)] + [("x", "shipping")] * 3
    findings = found("labels", made(pairs), Setting(labels=(*LABELS, "returns")))
    assert [finding.severity for finding in findings] == [Severity.WARNING] * 2
    assert "no row has the label 'returns'" in findings[0].message
    assert "40 rows of 'billing', but 3 of 'shipping'" in findings[1].message


def test_free_text_has_no_classes() -> None:
    rows = made([(str(number), f"Customer {number} wants {'money ' * 12}back.") for number in range(50)])
    assert found("labels", rows) == []
