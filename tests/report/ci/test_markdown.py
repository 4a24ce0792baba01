"""Markdown for pull requests: what it tells, and that no text from elsewhere does more than stand there."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from harness.core.decisions import Decision
from harness.core.verdicts import Verdict
from harness.report.ci.cases import Ending
from harness.report.ci.markdown import LIMIT, escaped, markdown
from harness.report.words import SPACE
from tests.report import made_for_ci as made


def html(text: str) -> str:
    """As a reader of GitHub's Markdown renders it, raw HTML included."""
    markdown_it = pytest.importorskip("markdown_it")
    rendered: str = markdown_it.MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    return rendered


def test_verdict_gates_why_waivers_and_ids() -> None:
    text = markdown(made.decision(attempts={"triage": 7}, looks=(2, 3)), made.FILE).replace(SPACE, " ")
    lines = text.splitlines()
    assert lines[0] == "## ✕ FAIL: northlight-support"
    assert "orders.exact\\_match must pass" in lines[2]
    verdicts = [line.split(" | ")[0].removeprefix("| ") for line in lines[6:14]]
    assert verdicts == ["✕ FAIL", "! ERROR", "! ERROR", "? INCONCLUSIVE", "✕ FAIL (waived)", "✕ FAIL", "? INCONCLUSIVE",
                        "✓ PASS"]  # fmt: skip
    assert lines[13] == "| ✓ PASS | triage.accuracy | 91.0 % | from 87.5 % | at least 90 % | critical |"
    assert "- **used** orders.exact\\_match:at\\_least: orders.exact\\_match, waived by ada@&#8203;example.com" in text
    assert "- attempt 7 on the samples of triage" in text
    assert "- look 2 of 3" in text
    assert lines[-1].startswith(f"decision {made.decision().id[:12]} · adapter ")
    assert "not measured" in text


def test_a_pass_needs_no_why() -> None:
    text = markdown(made.decision(results=made.results()[:1], verdict=Verdict.PASS, waivers=()), made.FILE)
    assert text.startswith("## ✓ PASS")
    assert "**Why**" not in text


def test_problems_are_listed() -> None:
    text = markdown(made.broken(), made.FILE)
    assert "Nothing was judged: usage, configuration or data is wrong." in text
    assert "- models/desk/release.yaml line 16: 'at\\_leest' is no key. Did you mean 'at\\_least'?" in text
    assert "an outside system failed" in markdown(made.lost(), made.FILE)


@pytest.mark.parametrize("found", [made.hostile(), made.broken()])
def test_hostile_texts_make_no_link_image_html_mention_or_cell(found: Decision | Ending) -> None:
    page = html(markdown(found, made.FILE))
    ours = ["h2", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "strong"]
    assert set(re.findall(r"</?([a-z0-9]+)", page)) <= set(ours)
    assert not re.search(r"@\w|#\d|://|www\.\w", re.sub(r'style="[^"]*"', "", page))
    for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL):
        assert len(re.findall(r"<t[hd]", row)) == 6


TEXTS = ["a|b", "\\|", "`a`", "**b**", "<b>", "&lt;", "[x](y)", "![x](y)", "~~s~~", "- a", "1. a", "# h", "+ a", "---",
         "===", "_i_", "a\\", "x\ny", "0.98 s", "    code", "> q"]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    shown = re.sub("<[^>]+>", "", html(escaped(text)))
    plain = shown.replace("\u200b", "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()
    assert plain == text.strip().replace("\n", "␊")
    assert html(escaped(text)).startswith("<p>")


def test_it_fits_into_a_comment_and_tells_what_is_cut() -> None:
    many = tuple(
        replace(one, sentence="@" * 600, gate=replace(one.gate, metric=f"{'#|' * 60}{number}.accuracy"))
        for number, one in enumerate(made.results() * 40)
    )
    used = replace(made.hostile().waivers[0], sentence="#" * 900)
    found = made.decision(results=many, notes=("|" * 900,) * 90, reason="#" * 2_000, waivers=(used,) * 90)
    text = markdown(found, made.FILE)
    assert 30_000 < len(text.encode()) < LIMIT
    assert re.search(r"^… and \d+ more gates, cut here\.$", text, re.MULTILINE)
    assert text.count("more entries, cut here.") == 3
    assert "| ✕ FAIL | " in text
