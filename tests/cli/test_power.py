"""`harness power` without a release: the figures of the tables, in words and as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.cli.main import main


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["power", *words]) == 0
    return capsys.readouterr().out


def record(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(capsys, *words, "--format", "json"))
    return found


def test_how_many_samples_for_a_margin_of_two_points(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--margin", "2").splitlines() == [
        "no worse by more than 2 points, with 95 % confidence; planned: the models are equal, discordance 12 %",
        "        133 samples at least: below that no result of this kind can pass",
        "        812 samples to pass with 50 %",
        "      1,855 samples to pass with 80 %",
        "      2,570 samples to pass with 90 %",
    ]
    assert said(capsys, "--margin", "0.02") == said(capsys, "--margin", "2")


@pytest.mark.parametrize(
    ("words", "least", "eighty"),
    [
        ("--margin 10", 25, 75),
        ("--margin 1 --discordance .2", 268, 12_365),
        ("--at-least .99", 299, None),
        ("--at-least .6 --expect .65", 6, 585),
        ("--at-most .01", 299, None),
        ("--at-most .4 --expect .35", 6, 585),
        ("--win-rate .6 --expect .7", 6, 143),
        ("--win-rate .4 --expect .5", 4, 158),
        ("--no-critical-failures .03 --expect .001", 99, 99),
        ("--no-critical-failures .01 --expect .001", 299, None),
        ("--improves 3 --discordance .13 --alpha .025", 4, 1132),
    ],
)
def test_the_figures_are_those_of_the_tables(
    words: str, least: int, eighty: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    found = record(capsys, *words.split())
    assert found["least"] == least
    assert found["samples"]["0.8"] == (None if eighty is None else pytest.approx(eighty, abs=1))


def test_what_so_many_samples_can_show(capsys: pytest.CaptureFixture[str]) -> None:
    at_hand = record(capsys, "--margin", "5", "--samples", "297", "--power", ".8")["at_hand"]
    assert at_hand["chance"] == pytest.approx(0.8, abs=0.005)
    assert at_hand["detectable"] == {"0.8": pytest.approx(0.05, abs=0.0005)}
    assert "100 samples: can't pass" in said(capsys, "--at-least", ".99", "--samples", "100")
    assert "a gain of 8.52 points passes with 80 %" in said(capsys, "--improves", "3", "--samples", "100")


def test_a_number_that_any_gate_asks_for_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert "30 samples at least in a release's gate (policy.min_samples)" in said(capsys, "--margin", "10")
    assert "min_samples" not in said(capsys, "--margin", "5")


def test_without_a_planned_rate_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--expect RATE tells" in said(capsys, "--at-least", ".9")
    assert "too near to the bound" in said(capsys, "--at-least", ".9", "--expect", ".9")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "one of the arguments --margin"),
        ("--margin 2 --improves 2", "not allowed with argument"),
        ("--margin 0", "0.0 is not between 0 and 1"),
        ("--margin 100", "is not between 0 and 1"),
        ("--margin two", "invalid"),
        ("--at-least 1", "1 is not between 0 and 1"),
        ("--at-least nan", "nan is not between 0 and 1"),
        ("--margin 2 --alpha .5", ".5 is not below 0.5"),
        ("--margin 2 --discordance 0", "0 is not between 0 and 1"),
        ("--margin 2 --samples 0", "0 is not between 1 and 1,000,000"),
        ("--margin 2 --expect .9", "a comparison is planned with --discordance"),
        ("--improves 30", "give a larger --discordance"),
    ],
)
def test_what_cannot_be_meant_gives_2_and_a_reason(words: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["power", *words.split()]) == 2
    assert told in capsys.readouterr().err
