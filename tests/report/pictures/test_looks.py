"""As a browser lays the pictures out: no text leaves its picture, and none lies on another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.core.verdicts import Verdict
from harness.report import words
from harness.report.numbers import Confusion
from harness.report.page import Picture
from harness.report.past import PastPoint
from harness.report.pictures.confusion import confusion
from harness.report.pictures.costs import CostPoint, costs
from harness.report.pictures.history import history
from harness.report.pictures.intervals import intervals
from harness.report.pictures.latency import latency
from tests.report.pictures.pages import KINDS, gate

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser

STYLE = ":root { --sans: Arial, sans-serif } .wide { width: 760px } .narrow { width: 360px } svg { display: block }"
FOUND = """() => [...document.querySelectorAll("svg")].flatMap(svg => {
  const edge = svg.getBoundingClientRect(), bad = [];
  const texts = [...svg.querySelectorAll("text")].map(t => [t.textContent, t.getBoundingClientRect()]);
  texts.forEach(([text, box], i) => {
    const out = box.left < edge.left - 1 || box.right > edge.right + 1 || box.bottom > edge.bottom + 1;
    if (out) bad.push(`${svg.classList}: ${text} leaves the picture`);
    for (const [other, its] of texts.slice(0, i)) {
      const across = Math.min(box.right, its.right) - Math.max(box.left, its.left);
      const down = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
      if (across > 1 && down > 4) bad.push(`${svg.classList}: ${text} lies on ${other}`);
    }
  });
  return bad;
})"""

NAMES = [
    "triage.accuracy",
    '<a href="http://evil">x</a>',
    "MACRO_F1 WITH WIDE CAPITALS " * 20,
    "日本語の名前" * 9,
    "iiii" * 40,
]


@pytest.fixture(scope="module")
def page() -> Iterator[object]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 800, "height": 600})
        browser.close()


def _bad(page: object, *pictures: Picture | None) -> list[str]:
    assert all(pictures)
    body = "".join(drawn for picture in pictures if picture for drawn in (picture.wide, picture.narrow))
    page.set_content(f"<meta charset='utf-8'><style>{STYLE}</style>{body}")  # type: ignore[attr-defined]
    found: list[str] = page.evaluate(FOUND)  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_texts_keep_apart_whatever_the_names(page: object, name: str) -> None:
    assert _bad(page, *(make(name) for make in KINDS.values())) == []


def test_texts_keep_apart_with_much_to_show(page: object) -> None:
    verdicts = list(Verdict)
    gates = [gate(f"suite.task{i}", verdict=verdicts[i % 4], value=0.5 + i / 90) for i in range(40)]
    times = [gate("slow", value=9.0, low=1.0, high=None, bound=2.0, good="below", family="seconds")]
    labels = tuple(f"class number {i}" for i in range(16))
    counts = {(a, b): 7 * i * j + 1 for i, a in enumerate(labels) for j, b in enumerate((*labels, None))}
    past = [(f"22 Nov 12:{i:02}", PastPoint(0.9 + i / 1000, 0.8, 0.95, "PASS")) for i in range(40)]
    models = [CostPoint(f"model {i}", 0.4 + i / 100, 0.9 + i / 1000) for i in range(4)]

    drawn = [
        intervals([*gates, *times]),
        confusion(Confusion(labels, counts)),
        history("m", past, 0.9, words.percent),
        costs(models, "EUR", "m"),
        latency({"candidate": [0.1] * 99 + [200.0], "base": [0.0001, 0.1, 5]}),
    ]

    assert _bad(page, *drawn) == []
