"""Every page with strangers' texts in all its names, in a browser: the texts stay texts, and the verdict stays ours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from harness.core.presentation import Presentation
from harness.report.index.view import build_index
from harness.report.material import Material
from harness.report.render import render_page
from harness.report.site.comparison import comparison_page
from harness.report.site.single import decision_page
from tests.browser.conftest import LookAt
from tests.browser.pages import html
from tests.report import hostile, made

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SHORT = {name: text for name, text in hostile.TEXTS.items() if name not in ("long", "surrogate")}  # rows have none
POISONS = {
    "markup": SHORT["handler"] + SHORT["script"] + SHORT["link"],
    "end of style": SHORT["end of style"],
    "template": SHORT["template"] + SHORT["quotes"],
    "unseen": SHORT["bidi"] + SHORT["control"] + SHORT["lines"],
    "marks": SHORT["marks"] + SHORT["spaces"],
    "formula": SHORT["formula"] + SHORT["cdata"],
    "all": " ".join(SHORT.values()),
    "long": "A" * 20_000,
}
PAGES = ("internal", "client", "index", "decision", "comparison")
LINKS = re.compile(r"#|/($|runs|versions|compare|decisions/[\w-]+(/internal|/client)?$)|[\w-]+(\.client)?\.html$")

KINDS = "[...new Set([...document.querySelectorAll('*')].map(one => one.tagName))]"
ATTRIBUTES = "[...new Set([...document.querySelectorAll('*')].flatMap(one => one.getAttributeNames()))]"
LEADS = "[...document.querySelectorAll('[href], [src], [action]')].filter(one => one.tagName !== 'IMG')" \
        ".map(one => one.getAttribute('href') ?? one.getAttribute('src') ?? one.getAttribute('action'))"  # fmt: skip
OPEN = "document.querySelectorAll('details').forEach(one => { one.open = true })"
GLOBALS = "Object.getOwnPropertyNames(window).sort()"
# What is drawn over a banner and is neither in it nor around it; a text's own box, not that of its paragraph.
OVER_BANNER = """() => {
  const covered = [];
  for (const banner of document.querySelectorAll('.banner')) {
    const own = banner.getBoundingClientRect();
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = walk.nextNode(); text; text = walk.nextNode()) {
      if (banner.contains(text) || !text.data.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      for (const box of range.getClientRects()) {
        const wide = Math.min(box.right, own.right) - Math.max(box.left, own.left);
        const high = Math.min(box.bottom, own.bottom) - Math.max(box.top, own.top);
        if (wide > 1 && high > 1) covered.push(text.data.slice(0, 80));
      }
    }
  }
  return covered;
}"""


@cache
def material(poison: str) -> Material:
    """Everything a page is made of, with the text in all of it and, once in each place, one line beyond every limit."""
    text = POISONS.get(poison, "")
    found = hostile.material(text)
    told = Presentation(f"Desk {text}", f"Client {text}", f"desk@example.com {text}", True, ("order_id",))
    declared = f"{made.YAML}note: {json.dumps(text)}\n"  # what is stored was read once
    found = replace(found, presentation=told, data=hostile.poisoned(found.data, text), release_yaml=declared)
    if poison != "long":
        return found
    decision = replace(found.decision, reason="so " + hostile.LONG, notes=(hostile.LONG,))
    suite, *rest = found.suites
    task, failures = suite.tasks[0], suite.tasks[0].failures
    assert failures is not None
    worst = tuple(replace(one, input=hostile.LONG, target=hostile.LONG) for one in failures.worst[:2])
    failures = replace(failures, worst=(*worst, *failures.worst[2:]))
    suite = replace(suite, tasks=(replace(task, failures=failures), *suite.tasks[1:]))
    return replace(found, decision=decision, suites=(suite, *rest), release_yaml=f"note: {hostile.LONG}")


@cache
def page(name: str, poison: str) -> str:
    """One of the pages."""
    found, text = material(poison), POISONS.get(poison, "")
    if name in ("internal", "client"):
        return html(name, found)
    if name == "index":
        files = {past.id: {"internal": "ab12.html", "client": "ab12.client.html"} for past in found.history[1:]}
        return render_page("index.html", build_index(found.decision, found.history, files, 90))
    if name == "decision":
        return render_page("site.html", decision_page(found.decision))
    choices = [(f"v1{text}", f"version 1 {text}"), (f"base{text}", text)]
    sides = (choices[0][0], choices[1][0])
    return render_page("site.html", comparison_page(f"desk {text}", choices, sides, hostile.compared(text)))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Each page without anything hostile: what is new in the others came from a text."""
    return {name: stored(name, "none", tmp_path_factory.mktemp("plain")) for name in PAGES}


Held = tuple[list[set[str]], list[list[str]]]


@pytest.fixture(scope="module")
def usual(plain: Mapping[str, Path], chromium: Browser) -> Mapping[str, Held]:
    """What each page holds without anything hostile: tags, attributes and globals, and the verdicts in banners."""
    look = LookAt(chromium)
    held = {name: held_by(look(width=360).open(file)) for name, file in plain.items()}
    look.close()
    return held


def held_by(page: Page) -> Held:
    return [set(page.evaluate(what)) for what in (KINDS, ATTRIBUTES, GLOBALS)], banners(page)


def stored(name: str, poison: str, folder: Path) -> Path:
    file = folder / f"{name}.html"
    file.write_text(page(name, poison), encoding="utf-8")
    return file


def banners(page: Page) -> list[list[str]]:
    """Each verdict on the page that stands in a banner, with how it looks."""
    found = page.locator(".banner")
    return [[found.nth(n).get_attribute("class") or "", found.nth(n).locator(".stamp").inner_text()]
            for n in range(found.count())]  # fmt: skip


@pytest.mark.parametrize("poison", POISONS)
@pytest.mark.parametrize("name", PAGES)
def test_strangers_texts_stay_texts(
    name: str, poison: str, usual: Mapping[str, Held], look: LookAt, tmp_path: Path
) -> None:
    file = stored(name, poison, tmp_path)
    assert file.stat().st_size < 10_000_000
    watched = look(width=360)
    page = watched.open(file)
    page.wait_for_load_state("networkidle")
    assert watched.said == []
    assert [url for url in watched.asked if not url.startswith("data:")] == [file.as_uri()]
    sets, verdicts = held_by(page)
    for held, expected, what in zip(sets, usual[name][0], (KINDS, ATTRIBUTES, GLOBALS), strict=True):
        assert held <= expected, what
    assert [lead for lead in page.evaluate(LEADS) if not LINKS.match(lead)] == []
    assert verdicts == usual[name][1]
    assert page.locator("h1").count() == 1
    assert page.evaluate(OVER_BANNER) == []
    page.evaluate(OPEN)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_what_is_looked_for_would_be_found(plain: Mapping[str, Path], look: LookAt, tmp_path: Path) -> None:
    """The page of an attack that works, so that the other tests are known to see one."""
    bad = f"<x-bad onclick='x()' style='position:absolute;inset:0;font-size:90px'>{'PASS ' * 200}</x-bad>"
    file = tmp_path / "bad.html"
    whole = plain["internal"].read_text(encoding="utf-8").replace("<h1>", f"<h1>{bad}<img src='http://x.invalid/'>", 1)
    file.write_text(re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", whole), encoding="utf-8")
    usual, watched = look().open(plain["internal"]), look()
    page = watched.open(file)
    page.wait_for_load_state("networkidle")
    assert "http://x.invalid/" in watched.asked
    assert set(page.evaluate(KINDS)) - set(usual.evaluate(KINDS)) == {"X-BAD", "IMG"}
    assert "onclick" in page.evaluate(ATTRIBUTES)
    assert page.evaluate(OVER_BANNER)


@pytest.mark.parametrize("name", PAGES)
def test_what_got_in_all_the_same_could_do_nothing(name: str, plain: Mapping[str, Path], look: LookAt) -> None:
    """The page's own policy is the last wall: no script runs, nothing is fetched, nothing is sent."""
    watched = look()
    page = watched.open(plain[name])
    page.evaluate("""() => {
      const script = document.createElement('script');
      script.textContent = 'window.owned = 1';
      const image = document.createElement('img');
      image.src = 'http://x.invalid/';
      image.setAttribute('onerror', 'window.owned = 2');
      document.body.append(script, image);
    }""")
    page.wait_for_timeout(200)
    assert page.evaluate("window.owned") is None
    refused = [text for text in watched.said if "violates the following Content Security Policy directive" in text]
    assert any("img-src" in text for text in refused)
    assert any("script-src" in text for text in refused)
