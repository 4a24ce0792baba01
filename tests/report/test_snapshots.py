"""What the pages of each verdict say and how they are built, as text that a reviewer can read.

`python -m tests.report.test_snapshots` writes the files anew, after a look at what is other.
"""

from __future__ import annotations

import difflib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness.report.client.view import build_client
from harness.report.internal.view import build_internal
from harness.report.material import Material
from harness.report.render import render_page
from tests.report.client.made import SAY, materials

FOLDER = Path(__file__).with_name("snapshots")
RENEW = "python -m tests.report.test_snapshots"
VERDICTS = ("waived", "fail", "inconclusive", "error")  # the example is a PASS
EDITIONS = ("internal", "client")
# Of the internal edition the parts that tell a verdict; its other parts hold the numbers, which other tests read.
TOLD = {"internal": ("gates",), "client": ()}
_BLOCKS = frozenset(
    ["title", "h1", "h2", "h3", "p", "li", "tr", "dt", "dd", "caption", "summary", "section", "article", "figcaption"]
)
_TONES = frozenset({"banner", "chip", "verdict"})


class Outline(HTMLParser):
    """A page as lines: the kind of each block, its text, and the look of each verdict; pictures by their words."""

    def __init__(self, told: tuple[str, ...]) -> None:
        super().__init__()
        self.told, self.lines = told, [""]
        self.unread, self.sections = 0, [True]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        looks = given.get("class", "").split()
        if tag == "section":
            name = given.get("id", "")
            self.sections.append(self.sections[-1] and (not self.told or not name or name in self.told))
        if tag == "svg" and "narrow" not in looks:
            self._tell(f"\npicture {given.get('aria-label', '')}")
        self.unread += tag in ("style", "script", "svg")
        if tag in _BLOCKS:
            self._tell(f"\n{tag} {given.get('id', '') if tag == 'section' else ''}")
        if tag in ("th", "td"):
            self._tell(" | ")
        if _TONES & {*looks}:
            self._tell(f" [{' '.join(looks)}] ")

    def handle_endtag(self, tag: str) -> None:
        self.unread -= tag in ("style", "script", "svg")
        if tag == "section":
            self.sections.pop()
        if tag in _BLOCKS:
            self._tell("\n")

    def handle_data(self, data: str) -> None:
        if not self.unread:
            self._tell(re.sub(r"\s+", " ", data))

    def _tell(self, text: str) -> None:
        if self.sections[-1]:
            self.lines.append(text)


def outline(edition: str, found: Material) -> str:
    """One page as lines of text."""
    if edition == "internal":
        html = render_page("internal.html", build_internal(found), script="filter.js")
    else:
        html = render_page("client.html", build_client(found, SAY))
    reader = Outline(TOLD[edition])
    reader.feed(html)
    lines = (re.sub(r"[ \u00a0\u202f]+", " ", line).strip() for line in "".join(reader.lines).split("\n"))
    return "".join(f"{line}\n" for line in lines if line and line not in _BLOCKS)


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("edition", EDITIONS)
def test_a_page_says_what_it_said(edition: str, verdict: str) -> None:
    before = (FOLDER / f"{verdict}.{edition}.txt").read_text(encoding="utf-8")
    now = outline(edition, materials()[verdict])
    changed = difflib.unified_diff(before.splitlines(), now.splitlines(), "before", "now", lineterm="", n=1)
    assert now == before, "\n".join([f"It reads otherwise. If that is meant: {RENEW}", *changed])


def write() -> None:
    """Take what the pages say now as what they are to say."""
    FOLDER.mkdir(exist_ok=True)
    for verdict, found in materials().items():
        for edition in EDITIONS if verdict in VERDICTS else ():
            (FOLDER / f"{verdict}.{edition}.txt").write_text(outline(edition, found), encoding="utf-8")


if __name__ == "__main__":
    write()
