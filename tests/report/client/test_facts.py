"""The facts below the verdict: what was set aside is never counted as kept."""

from __future__ import annotations

import pytest

from harness.core.verdicts import Verdict
from harness.report.client.view import build_client
from tests.report.client.made import LOST, SAY, material, materials

MADE = materials()


def told(name: str) -> list[str]:
    return [f"{fact.term}: {fact.text}".replace("\u00a0", " ") for fact in build_client(MADE[name], SAY).facts]


@pytest.mark.parametrize(
    ("name", "kept"),
    [("waived", "3 of 4"), ("fail", "3 of 4"), ("inconclusive", "3 of 4"), ("error", "2 of 3")],
)
def test_only_what_passed_by_itself_is_kept(name: str, kept: str) -> None:
    assert told(name)[0] == f"Promises kept: {kept}"


def test_cases_models_and_the_day_are_told() -> None:
    assert told("pass")[1:] == [
        "Test cases: 520",
        "Compared with: The model before its training (“base”)",
        "Decided: 22 November 2026",
    ]


def test_without_promises_or_models_it_says_so() -> None:
    alone = material(Verdict.ERROR, suites=(), runs={}, speed=(), costs=())
    facts = build_client(alone, SAY).facts
    assert [fact.text for fact in facts[:3]] == ["none was agreed", "0", "no other model"]
    assert build_client(material(Verdict.ERROR, LOST), SAY).facts[0].text == "0 of 1"
