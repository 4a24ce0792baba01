"""Gates on parts of a task, rules that fit their metrics, and rules that ask for the worse values."""

from __future__ import annotations

import json

import pytest

from harness.config.load import load_release
from harness.core.directions import Better
from harness.core.policies import Gate, Subset
from tests.projects import Project

FILE = "release.yaml"
FIRST = "  - {metric: triage.accuracy, at_least: 0.6}"
LANGUAGES = ("en", "de", "en", "fr")


@pytest.fixture
def sliced(desk: Project) -> Project:
    """The project with samples in three languages."""
    rows = [json.loads(line) for line in (desk.root / "data/triage.jsonl").read_text(encoding="utf-8").splitlines()]
    desk.rows("data/triage.jsonl", [{**row, "language": one} for row, one in zip(rows, LANGUAGES, strict=True)])
    return desk


def first_gates(project: Project, written: str) -> list[Gate]:
    """What the release holds in the place of its first gate."""
    line = project.swap(FILE, FIRST, f"  - {{{written}}}")
    release, problems = load_release(project.root / FILE)
    assert release is not None
    assert problems == []
    return [gate for gate in release.policy.gates if gate.place.line == line]


def problems_of(project: Project, written: str) -> list[str]:
    """What is said of a gate in the place of the first, all at its line."""
    line = project.swap(FILE, FIRST, f"  - {{{written}}}")
    found = project.problems()
    assert all(text.startswith(f"{FILE}:{line}: ") for text in found)
    return [text.removeprefix(f"{FILE}:{line}: ") for text in found]


@pytest.mark.parametrize(
    ("written", "ids", "subset"),
    [
        (
            "metric: triage.macro_f1, at_least: 0.5, class: billing",
            ["triage.macro_f1[class billing]:at_least"],
            Subset("class", "billing"),
        ),
        (
            "metric: triage.accuracy, against: base, margin: 0.1, class: billing",
            ["triage.accuracy[class billing]:margin:base"],
            Subset("class", "billing"),
        ),
        (
            "metric: desk.orders.field_accuracy, at_least: 0.5, field: count",
            ["desk.orders.field_accuracy[field count]:at_least"],
            Subset("field", "count"),
        ),
        (
            "metric: triage.accuracy, at_least: 0.5, slice: {language: de}",
            ["triage.accuracy[language=de]:at_least"],
            Subset("slice", "language", "de"),
        ),
        (
            "metric: triage.accuracy, at_least: 0.5, each: class",
            ["triage.accuracy[class billing]:at_least", "triage.accuracy[class shipping]:at_least"],
            Subset("class", "billing"),
        ),
        (
            "metric: desk.orders.partial_match, at_least: 0.5, each: field",
            ["desk.orders.partial_match[field order]:at_least", "desk.orders.partial_match[field count]:at_least"],
            Subset("field", "order"),
        ),
        (
            "metric: triage.macro_f1, at_least: 0.5, each: language",
            [f"triage.macro_f1[language={language}]:at_least" for language in ("en", "de", "fr")],
            Subset("slice", "language", "en"),
        ),
        ("metric: triage.accuracy, at_least: 0.5", ["triage.accuracy:at_least"], None),
    ],
)
def test_a_gate_is_for_a_part_or_for_each(sliced: Project, written: str, ids: list[str], subset: Subset | None) -> None:
    sliced.swap("suites/desk.yaml", "[exact_match,", "[field_accuracy, exact_match,")
    found = first_gates(sliced, written)
    assert [gate.id for gate in found] == ids
    assert found[0].subset == subset


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "metric: triage.accuracy, at_least: 0.5, class: biling",
            "'queue' has no class 'biling'. Did you mean 'billing'?",
        ),
        (
            "metric: triage.macro_f1, at_least: 0.5, class: other",
            "'queue' has no class 'other'. There are: billing, shipping.",
        ),
        (
            "metric: desk.orders.format, at_least: 0.5, class: billing",
            "'orders' is no classification (its kind is extract), so it has no classes.",
        ),
        (
            "metric: desk.knowledge.accuracy, at_least: 0.5, each: class",
            "'knowledge' is no classification (its kind is lm_eval), so it has no classes.",
        ),
        (
            "metric: desk.orders.field_accuracy, at_least: 0.5, field: cout",
            "'orders' has no field 'cout'. Did you mean 'count'?",
        ),
        (
            "metric: desk.orders.exact_match, at_least: 0.5, each: field",
            "the metric 'exact_match' gives no score for each field.",
        ),
        (
            "metric: triage.accuracy, at_least: 0.5, slice: {langage: de}",
            "'queue' has no slices by 'langage'; name the column in its 'slices'. Did you mean 'language'?",
        ),
        (
            "metric: triage.accuracy, at_least: 0.5, slice: {language: da}",
            "no sample of 'queue' has language 'da'. There are: en, de, fr.",
        ),
        (
            "metric: triage.accuracy, at_least: 0.5, each: clas",
            "'queue' has no slices by 'clas'; name the column in its 'slices'. Did you mean 'class'?",
        ),
        (
            "metric: triage.accuracy, at_least: 0.5, class: billing, each: language",
            "a gate looks at one part of a task; keep one of class, each.",
        ),
        (
            "metric: latency.p95, at_most: 5s, slice: {language: de}",
            "latency.p95 is of no task, so it has no parts; drop 'slice'.",
        ),
        (
            "metric: triage.macro_f1, no_critical_failures: true",
            "'no_critical_failures' needs a metric that is a rate over samples; triage.macro_f1 is a macro_f1.",
        ),
        (
            "metric: triage.macro_f1, no_critical_failures: true, each: class",
            "'no_critical_failures' needs a metric that is a rate over samples; triage.macro_f1 is a f1.",
        ),
        (
            "metric: desk.orders.partial_match, no_critical_failures: true, each: field",
            "'no_critical_failures' needs a metric that is a rate over samples; desk.orders.partial_match is a mean.",
        ),
        (
            "metric: triage.macro_f1, against: base, win_rate: 0.6",
            "'win_rate' needs a metric that is a rate or mean over samples; triage.macro_f1 is a macro_f1.",
        ),
        ("metric: triage.accuracy, win_rate: 0.6", "'win_rate' compares, so it needs 'against: <baseline>'."),
        ("metric: errors.rate, no_critical_failures: true", "errors.rate takes 'at_most' only."),
        (
            "metric: triage.accuracy, no_critical_failures: true, against: base",
            "'no_critical_failures' does not compare; drop 'against', or use improves, margin or win_rate.",
        ),
        ("metric: triage.accuracy, against: base, win_rate: 1", "'win_rate' (1) should be less than 1."),
        ("metric: triage.accuracy, no_critical_failures: false", "'no_critical_failures' must be True, not False."),
        ("metric: triage.accuracy, no_critical_failures: 1", "'no_critical_failures' must be True, not 1."),
    ],
)
def test_a_part_or_a_rule_that_cannot_be_meant_is_told_at_its_line(sliced: Project, written: str, said: str) -> None:
    sliced.swap(
        "suites/desk.yaml", "[exact_match, {partial_match: {}}]", "[field_accuracy, exact_match, partial_match, format]"
    )
    assert problems_of(sliced, written) == [said]


def test_a_class_without_samples_could_never_be_shown(desk: Project) -> None:
    desk.swap("suites/triage.yaml", "labels: [billing, shipping]", "labels: [billing, shipping, returns]")
    assert problems_of(desk, "metric: triage.macro_f1, at_least: 0.5, each: class") == [
        "no sample of 'queue' is of the class 'returns', so nothing could be shown."
    ]


def test_all_problems_of_a_gate_come_at_once(sliced: Project) -> None:
    found = problems_of(sliced, "metric: triage.accuracy, at_least: 6, against: bass, class: biling")
    assert len(found) == 4


def test_a_part_of_a_suite_that_cannot_be_read_is_not_told_again(sliced: Project) -> None:
    sliced.swap(FILE, FIRST, "  - {metric: triage.accuracy, at_least: 0.5, class: biling}")
    line = sliced.swap("suites/triage.yaml", "max_new_tokens", "max_tokens")
    assert [text.split(": ")[0] for text in sliced.problems()] == [f"suites/triage.yaml:{line}"]


def test_a_bare_true_is_the_rules_own_threshold(desk: Project) -> None:
    assert first_gates(desk, "metric: triage.accuracy, no_critical_failures: true")[0].threshold == 0.03


def test_a_threshold_of_ones_own_holds(desk: Project) -> None:
    assert first_gates(desk, "metric: triage.accuracy, no_critical_failures: 0.01")[0].threshold == 0.01
    desk.swap(FILE, "no_critical_failures: 0.01", "against: base, win_rate: 0.4")
    release, problems = load_release(desk.root / FILE)
    assert release is not None
    assert (problems, release.policy.gates[0].id) == ([], "triage.accuracy:win_rate:base")


def test_a_field_that_is_right_or_wrong_may_have_no_failure(desk: Project) -> None:
    desk.swap("suites/desk.yaml", "[exact_match,", "[field_accuracy, exact_match,")
    assert first_gates(desk, "metric: desk.orders.field_accuracy, no_critical_failures: true, field: order")


def test_each_and_one_of_them_stand_twice(sliced: Project) -> None:
    again = "  - {metric: triage.accuracy, at_least: 0.6, class: shipping}"
    line = sliced.swap(FILE, FIRST, f"  - {{metric: triage.accuracy, at_least: 0.6, each: class}}\n{again}") + 1
    assert sliced.problems() == [f"{FILE}:{line}: this gate stands twice (triage.accuracy[class shipping]:at_least)."]


@pytest.mark.parametrize("part", ["", ", class: billing"])
def test_a_rule_that_asks_for_the_worse_values_is_refused(desk: Project, part: str) -> None:
    line = desk.swap(FILE, FIRST, f"  - {{metric: triage.accuracy, at_most: 0.6{part}}}")
    assert desk.problems() == [
        f"{FILE}:{line}: 'at_most' passes the worse models: higher values of triage.accuracy are better; write "
        "'at_least' with the smallest value that you accept (0.9 is 90 %)."
    ]


def test_an_error_rate_takes_at_most(desk: Project) -> None:
    desk.write("metrics/wrong.py", "")
    desk.swap("suites/desk.yaml", "- format", "- evaluate:metrics/wrong.py: {better: lower}")
    line = desk.swap(FILE, FIRST, "  - {metric: desk.summary.wrong, at_least: 0.9}")
    assert desk.problems() == [
        f"{FILE}:{line}: 'at_least' passes the worse models: lower values of desk.summary.wrong are better; write "
        "'at_most' with the largest value that you accept (0.1 is 10 %)."
    ]
    desk.swap(FILE, "at_least: 0.9", "at_most: 0.1")
    assert desk.problems() == []
    release, _ = load_release(desk.root / FILE)
    assert release is not None
    gates = {gate.id: gate.better for gate in release.policy.gates}
    assert gates["desk.summary.wrong:at_most"] is Better.LOWER
    assert {*gates.values()} == {Better.LOWER, Better.HIGHER}


def test_looking_at_any_time_needs_metrics_that_have_such_bounds(desk: Project) -> None:
    desk.swap(FILE, "policy: {", "policy: {looks: anytime, ")
    said = "has no bound that holds at any time; write a number of 'looks' instead."
    assert desk.problems() == [f"{FILE}:17: triage.macro_f1 {said}", f"{FILE}:19: latency.p95 {said}"]
