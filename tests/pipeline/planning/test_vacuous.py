"""Gates that can hardly fail are warned of, and those that can are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.pipeline.planning.plan import plan
from harness.pipeline.planning.prospects import Planning
from harness.pipeline.validate import vacuous_warnings, validate, warnings
from tests.projects import Project

ROOT = Path(__file__).parents[3]
FILE = "release.yaml"
FIRST = "  - {metric: triage.accuracy, at_least: 0.6}"


def labelled(project: Project, labels: str) -> None:
    """As many samples as letters: b is billing, s is shipping."""
    names = {"b": "billing", "s": "shipping"}
    rows = [{"id": f"t{i}", "text": f"text {i}", "label": names[one], "language": "en"} for i, one in enumerate(labels)]
    project.rows("data/triage.jsonl", rows)  # type: ignore[arg-type]


def said_of(project: Project, gate: str) -> list[str]:
    """The warnings for a gate in the place of the first, all at its line."""
    project.swap(FILE, "  - {metric: latency.p95, at_most: 5s, role: advisory}\n", "")
    line = project.swap(FILE, FIRST, f"  - {{{gate}}}")
    return [
        text.removeprefix(f"{FILE}:{line}: warning: ")
        for text in vacuous_warnings(validate(project.root / FILE))
        if text.startswith(f"{FILE}:{line}: ")
    ]


@pytest.mark.parametrize(
    ("gate", "why"),
    [
        ("metric: triage.accuracy, at_least: 0.0001", "a model that always answers 'billing' reaches 75 %"),
        ("metric: triage.accuracy, at_least: 0.75", "a model that always answers 'billing' reaches 75 %"),
        ("metric: triage.accuracy, at_least: 0.5, class: shipping", "a guess among 2 classes reaches 50 %"),
        ("metric: triage.accuracy, at_least: 0.7, slice: {language: en}", "a model that always answers 'billing'"),
        ("metric: triage.macro_f1, at_least: 0.42", "a model that always answers 'billing' reaches 42.9 %"),
        ("metric: triage.macro_f1, at_least: 0.39, class: shipping", "always answers 'shipping' reaches 40 %"),
        ("metric: triage.format, at_least: 0.01", "a model that is right on 5 % of the samples"),
        ("metric: triage.accuracy, against: base, margin: 0.99", "even a perfect baseline is met by a model"),
        ("metric: triage.accuracy, against: base, margin: 0.3", "(75 %)"),
        ("metric: triage.format, against: base, margin: 0.5", "it lets 50 % of the samples get lost"),
        ("metric: triage.accuracy, against: base, win_rate: 0.03", "it asks for a win on 3 % of the samples"),
        ("metric: desk.orders.exact_match, at_least: 0.2", "gives the most frequent record reaches 25 %"),
        ("metric: desk.orders.field_accuracy, at_least: 0.6", "gives the most frequent record reaches 62.5 %"),
        ("metric: desk.orders.field_accuracy, at_least: 0.9, field: count", "reaches 100 %"),
        ("metric: errors.rate, at_most: 0.9", "it lets 90 % of the requests fail"),
        ("metric: latency.p95, at_most: 400s", "no request may take longer than serve.timeout, 300 s"),
    ],
)  # fmt: skip
def test_a_gate_that_can_hardly_fail_is_warned_of_at_its_line(desk: Project, gate: str, why: str) -> None:
    desk.swap("suites/desk.yaml", "[exact_match, ", "[exact_match, field_accuracy, ")
    labelled(desk, "bbbs")
    (said,) = said_of(desk, gate)
    assert " can hardly fail: " in said
    assert why in said


def test_an_error_rate_that_anybody_keeps_is_warned_of(desk: Project) -> None:
    desk.write("metrics/wrong.py", "")
    desk.swap("suites/desk.yaml", "- format", "- evaluate:metrics/wrong.py: {better: lower}")
    (said,) = said_of(desk, "metric: desk.summary.wrong, at_most: 0.95")
    assert "can hardly fail: a model that is right on 5 % of the samples reaches 95 %" in said


def test_an_error_rate_that_can_be_missed_is_not(desk: Project) -> None:
    desk.write("metrics/wrong.py", "")
    desk.swap("suites/desk.yaml", "- format", "- evaluate:metrics/wrong.py: {better: lower}")
    assert said_of(desk, "metric: desk.summary.wrong, at_most: 0.9") == []


@pytest.mark.parametrize(
    "gate",
    [
        "metric: triage.accuracy, at_least: 0.76",
        "metric: triage.accuracy, at_least: 0.01, role: advisory",
        "metric: triage.macro_f1, at_least: 0.44",
        "metric: triage.accuracy, against: base, margin: 0.2",
        "metric: triage.accuracy, against: base, improves: true",
        "metric: triage.accuracy, against: base, win_rate: 0.4",
        "metric: triage.accuracy, no_critical_failures: true",
        "metric: triage.format, at_least: 0.98",
        "metric: errors.rate, at_most: 0.02",
        "metric: latency.p95, at_most: 5s",
    ],
)
def test_a_gate_that_can_fail_is_not(desk: Project, gate: str) -> None:
    labelled(desk, "bbbs")
    assert said_of(desk, gate) == []


def test_bounds_that_err_as_often_as_not_are_warned_of(desk: Project) -> None:
    line = desk.swap(FILE, "alpha: 0.05", "alpha: 0.49")
    said = vacuous_warnings(validate(desk.root / FILE))
    assert (
        f"{FILE}:{line}: warning: alpha 0.49: each bound is wrong 49 times in 100, so gates pass by chance. Write 0.05."
        in said
    )
    desk.swap(FILE, "alpha: 0.49", "alpha: 0.2")
    assert not [text for text in vacuous_warnings(validate(desk.root / FILE)) if "alpha" in text]


def test_a_waiver_wider_than_its_gate_is_warned_of_at_its_own_line(desk: Project) -> None:
    head = 'waivers:\n  - {gate: "triage.accuracy:at_least", owner: Ana, reason: r, expires: "2099-01-01"'
    waiver = f"{head}, largest_drop: 0.55}}\n"
    desk.write("waivers.yaml", waiver)
    (said,) = [text for text in vacuous_warnings(validate(desk.root / FILE)) if "largest_drop" in text]
    assert said.startswith("waivers.yaml:2: warning: with largest_drop 0.55 triage.accuracy:at_least can hardly fail: ")
    desk.write("waivers.yaml", waiver.replace("0.55", "0.05"))
    assert not [text for text in vacuous_warnings(validate(desk.root / FILE)) if "largest_drop" in text]


def test_classes_that_macro_f1_cannot_show_are_named(desk: Project) -> None:
    desk.swap("suites/triage.yaml", "labels: [billing, shipping]", "labels: [billing, shipping, refund, other]")
    (said,) = [text for text in warnings(validate(desk.root / FILE)) if "macro_f1 of" in text]
    line = 1 + desk.read(FILE).splitlines().index("  - {metric: triage.macro_f1, against: base, improves: true}")
    assert said.startswith(
        f"{FILE}:{line}: warning: macro_f1 of triage.queue: no sample has the target 'refund', 'other'"
    )


def test_validate_and_plan_say_so_and_the_example_has_none(desk: Project) -> None:
    desk.swap(FILE, FIRST, "  - {metric: triage.accuracy, at_least: 0.0001}")
    release = validate(desk.root / FILE)
    assert [text for text in warnings(release) if "triage.accuracy:at_least can hardly fail" in text]
    assert [text for text in plan(release, Planning()).notes if "triage.accuracy:at_least can hardly fail" in text]
    assert vacuous_warnings(validate(ROOT / FILE)) == []


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("at_least: 0.6", "at_least: 80", "For 80 % write 0.80."),
        ("at_least: 0.6", "at_least: 99.5", "For 99.5 % write 0.995."),
        ("at_least: 0.6", "at_least: 80 %", "For 80 % write 0.80."),
        ("at_least: 0.6", "no_critical_failures: 3", "For 3 % write 0.03."),
        ("margin: 0.1", "margin: 2", "For 2 % write 0.02."),
        ("margin: 0.1", "win_rate: 60", "For 60 % write 0.60."),
        ("alpha: 0.05", "alpha: 5", "For 5 % write 0.05."),
    ],
)
def test_percent_in_the_place_of_a_share_are_told_what_to_write(desk: Project, old: str, new: str, hint: str) -> None:
    line = desk.swap(FILE, old, new)
    assert any(text.startswith(f"{FILE}:{line}: ") and text.endswith(hint) for text in desk.problems()), desk.problems()


def test_one_hundred_percent_is_no_slip(desk: Project) -> None:
    desk.swap(FILE, "at_least: 0.6", "at_least: 1")
    (problem,) = desk.problems()
    assert "write" not in problem
