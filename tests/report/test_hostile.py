"""Texts that attack: nothing runs, breaks or fakes a verdict in what is written beside the HTML."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from harness.core.decisions import Decision
from harness.report import text
from harness.report.ci.cases import Ending
from harness.report.ci.github import workflow_commands
from harness.report.ci.junit import junit
from harness.report.ci.markdown import LIMIT, markdown
from harness.report.ci.sarif import sarif
from harness.report.comparing import markdown as compared_markdown
from harness.report.comparing import text as compared_text
from tests.report import hostile
from tests.report import made_for_ci as made

Made = Callable[[str], Decision | Ending]
SHORT = {name: one for name, one in hostile.TEXTS.items() if name != "long"}
POISONS = [pytest.param(one, id=name) for name, one in hostile.TEXTS.items()]
HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"}
FOUND = pytest.mark.parametrize("found", [hostile.decision, hostile.ending])


def unseen(shown: str) -> set[str]:
    """Characters that a reader would not see, line ends aside."""
    return {one for one in shown if unicodedata.category(one) in HIDDEN} - {"\n"}


def columns(line: str) -> int:
    """How many columns of a terminal a line takes."""
    return sum(
        0 if unicodedata.category(one) in ("Mn", "Me") else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in line
    )


@pytest.mark.parametrize("poison", POISONS)
@FOUND
def test_markdown_keeps_its_form_and_its_verdict(poison: str, found: Made) -> None:
    shown, plain = (markdown(found(one), made.FILE) for one in (poison, ""))
    heads = [[line.split(" ")[:2] for line in one.splitlines() if re.match("[#|]", line)] for one in (shown, plain)]
    assert heads[0][: len(heads[1])] == heads[1]
    assert not re.search(r"^(<|#[^#]|::|\s*```)", shown, re.MULTILINE)
    assert not re.search(r"<(?!br>)[a-zA-Z/!]|[^\\]\]\(|(?<!&#8203;)://\w", shown)
    assert unseen(shown) == set()
    assert len(shown.encode()) < LIMIT


@pytest.mark.parametrize("poison", POISONS)
@FOUND
def test_junit_keeps_its_counts_and_cases(poison: str, found: Made) -> None:
    shown, plain = (ElementTree.fromstring(junit(found(one), made.FILE)) for one in (poison, ""))
    for one in ("tests", "failures", "errors"):
        assert shown.get(one) == plain.get(one)
    assert [one.tag for one in shown.iter()] == [one.tag for one in plain.iter()]
    assert unseen("".join(shown.itertext())) == set()


@pytest.mark.parametrize("poison", POISONS)
@FOUND
def test_sarif_keeps_its_results(poison: str, found: Made) -> None:
    shown, plain = (json.loads(sarif(found(one), made.FILE))["runs"][0] for one in (poison, ""))
    assert [one["level"] for one in shown["results"]] == [one["level"] for one in plain["results"]]
    assert shown.keys() == plain.keys()
    assert unseen(json.dumps(shown, ensure_ascii=False)) == set()
    uris = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in shown["results"]]
    assert all(re.fullmatch(r"[A-Za-z0-9._~/%-]+", uri) for uri in uris)


@pytest.mark.parametrize("poison", POISONS)
@FOUND
def test_each_workflow_command_is_one_of_ours(poison: str, found: Made) -> None:
    shown, plain = (workflow_commands(found(one), made.FILE) for one in (poison, ""))
    assert [line.split(" ")[0] for line in shown] == [line.split(" ")[0] for line in plain]
    for line in shown:
        assert len(line.splitlines()) == 1
        assert re.match(r"::(error|warning|notice) file=[^,:]*,line=\d+,title=[^,:]*::", line)
        assert unseen(line) == set()


@pytest.mark.parametrize("width", [60, 110])
@pytest.mark.parametrize("poison", POISONS)
def test_a_screen_tells_its_own_verdicts_alone(poison: str, width: int) -> None:
    shown, plain = (text.lines(hostile.decision(one), width, colour=False) for one in (poison, ""))
    words = [[line.split(" ")[0] for line in one if line[:1] not in ("", " ")] for one in (shown, plain)]
    assert words[0] == words[1]
    assert max(map(columns, shown)) <= width, "a terminal would wrap it, to where verdicts stand"
    assert unseen("\n".join(shown)) == set()


@pytest.mark.parametrize("poison", POISONS)
def test_a_comparison_keeps_its_form(poison: str) -> None:
    shown = compared_text.lines(hostile.compared(poison), 100)
    assert max(map(columns, shown)) <= 100
    assert unseen("\n".join(shown)) == set()
    page = compared_markdown.markdown(hostile.compared(poison))
    plain = compared_markdown.markdown(hostile.compared(""))
    rows = [[line.count(" | ") for line in one.splitlines() if line.startswith("|")] for one in (page, plain)]
    assert rows[0] == rows[1]
    assert not re.search(r"<(?!br>)[a-zA-Z/!]|[^\\]\]\(|(?<!&#8203;)://\w", page)
    assert unseen(page) == set()


@FOUND
def test_a_key_is_shown_nowhere_not_even_from_an_older_store(found: Made) -> None:
    decided = found(f" {hostile.SECRET} ")
    pages = [writer(decided, made.FILE) for writer in (markdown, junit, sarif)]
    pages += workflow_commands(decided, made.FILE)
    assert all(hostile.SECRET not in page for page in pages)
    assert "[masked:github_token:" in pages[1]
