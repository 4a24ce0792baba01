"""An unknown key is told, and hides nothing of what else is wrong."""

from __future__ import annotations

import pytest

from harness.config.load import load_release
from tests.projects import Project

FILE = "release.yaml"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: desk\n", "name: desk\ncolour: red\n"),
        ("name: desk\n", "name: desk\nmeasures: {requests: 60}\n"),
        ("baselines:", "baselnes:"),
        ("few_shot: 2", "few_shots: 2"),
        ("at_least: 0.6", "at_leest: 0.6"),
        ("triage.accuracy, at_least: 0.6", "triage.accuracy, at_least: 0.6, clas: billing"),
        ("alpha: 0.05", "alfa: 0.05"),
    ],
)
def test_the_problems_of_the_gates_come_beside_an_unknown_key(desk: Project, old: str, new: str) -> None:
    desk.swap(FILE, old, new)
    gate = desk.swap(FILE, "desk.orders.exact_match", "desk.orders.exact_mach")
    found = desk.problems()
    assert len(found) == 2, found
    assert [text for text in found if "unknown key" in text]
    assert [text for text in found if text.startswith(f"{FILE}:{gate}: no suite gives")]


def test_a_misspelt_rule_is_checked_as_the_one_that_was_meant(desk: Project) -> None:
    line = desk.swap(FILE, "at_least: 0.6", "at_leest: 6")
    assert desk.problems() == [
        f"{FILE}:{line}: unknown key 'at_leest'. Did you mean 'at_least'?",
        f"{FILE}:{line}: the threshold 6 can't be reached or missed: a share lies between 0 and 1. For 6 % write 0.06.",
    ]


def test_the_hint_names_a_key_as_it_is_written(desk: Project) -> None:
    desk.swap(FILE, "at_least: 0.6", "at_least: 0.6, clas: billing")
    assert desk.problems()[0].endswith("unknown key 'clas'. Did you mean 'class'?")


def test_a_key_that_is_misspelt_beside_the_right_one_is_left_out(desk: Project) -> None:
    desk.swap(FILE, "name: desk\n", "name: desk\nnam: disk\n")
    release, problems = load_release(desk.root / FILE)
    assert len(problems) == 1
    assert release is not None
    assert release.name == "desk"


def test_what_stays_unreadable_is_told_once(desk: Project) -> None:
    desk.swap(FILE, "name: desk\n", "nam: desk\n")
    desk.swap(FILE, "alpha: 0.05", "alpha: high")
    found = desk.problems()
    assert sorted(text.split(": ", 1)[1] for text in found) == [
        "'alpha' must be a number, not text ('high').",
        "the key 'name' is missing.",
        "unknown key 'nam'. Did you mean 'name'?",
    ]
