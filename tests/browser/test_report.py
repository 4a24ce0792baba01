"""Both editions as people meet them: in a browser, on a phone, in the dark, on paper, without scripts, with strangers'
texts in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from harness.core.presentation import Presentation
from tests.browser.conftest import LookAt
from tests.browser.pages import EDITIONS, written
from tests.report import made

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SHOWN = Presentation("Support desk", "Northlight GmbH", "release@northlight.example", samples=True, redact=("name",))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    material = replace(made.material(), presentation=SHOWN)
    return {edition: written(edition, material, folder) for edition in EDITIONS}


@pytest.mark.parametrize("edition", EDITIONS)
def test_it_asks_nothing_of_the_network_and_reports_no_error(
    edition: str, pages: dict[str, Path], look: LookAt
) -> None:
    watched = look()
    watched.open(pages[edition]).wait_for_load_state("networkidle")
    assert [url for url in watched.asked if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in watched.asked if url.startswith("file:")]) == 1
    assert watched.said == []


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "light")])
def test_everybody_can_read_it(edition: str, width: int, scheme: str, pages: dict[str, Path], look: LookAt) -> None:
    page = look(width=width, scheme=scheme).open(pages[edition])
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    found = Axe().run(page)
    told = [(one["id"], one["nodes"][0]["html"][:200], len(one["nodes"])) for one in found.response["violations"]]
    assert told == []


@pytest.mark.parametrize("edition", EDITIONS)
def test_on_a_phone_nothing_lies_beyond_the_edge(edition: str, pages: dict[str, Path], look: LookAt) -> None:
    page = look(width=360).open(pages[edition])
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    sizes = page.evaluate(
        "[...document.querySelectorAll('svg.narrow text')].filter(one => one.getClientRects().length)"
        ".map(one => parseFloat(getComputedStyle(one).fontSize) * one.getCTM().a)"
    )
    assert sizes
    assert min(sizes) >= 9


def test_the_verdict_is_the_first_thing_that_is_seen(pages: dict[str, Path], look: LookAt) -> None:
    for edition in EDITIONS:
        page = look(width=390).open(pages[edition])
        banner = page.get_by_role("region", name="Verdict").first
        box = banner.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 844, edition


def test_without_scripts_the_internal_edition_is_whole(pages: dict[str, Path], look: LookAt) -> None:
    page = look(scripts=False).open(pages["internal"])
    assert page.locator(".controls").count() > 0
    assert not page.locator(".controls").first.is_visible()
    assert page.locator("article.sample").count() > 10
    page.locator("details:has(article.sample) > summary").first.click()
    assert page.locator("article.sample").first.is_visible()


def test_samples_are_found_by_their_words(pages: dict[str, Path], look: LookAt) -> None:
    page = look().open(pages["internal"])
    all_of_them = page.locator("article.sample").count()
    page.get_by_role("searchbox").fill("triage-1")
    page.wait_for_timeout(400)
    left = page.locator("article.sample:not([hidden])").count()
    assert 0 < left < all_of_them
    assert str(left) in page.locator(".controls [aria-live], [aria-live].count").first.inner_text()


def test_a_link_to_a_sample_opens_it(pages: dict[str, Path], look: LookAt) -> None:
    page = look().open(pages["internal"])
    name = page.locator("article.sample").last.get_attribute("id")
    assert name
    linked = look().open(pages["internal"], f"#{name}")
    assert linked.locator(f"#{name}").is_visible()


def test_the_clients_edition_has_no_script_and_no_jargon(pages: dict[str, Path], look: LookAt) -> None:
    page = look().open(pages["client"])
    assert page.locator("script").count() == 0
    text = page.locator("body").inner_text().lower()
    for word in ("p-value", "bootstrap", "mcnemar", "alpha", "macro_f1", "tango", "digest", "null hypothesis"):
        assert word not in text, word


@pytest.mark.parametrize("edition", EDITIONS)
def test_on_paper_every_page_has_its_number(edition: str, pages: dict[str, Path], look: LookAt, tmp_path: Path) -> None:
    from pypdf import PdfReader

    page = look().open(pages[edition])
    page.pdf(path=tmp_path / "printed.pdf", prefer_css_page_size=True)
    printed = PdfReader(tmp_path / "printed.pdf")
    for number, sheet in enumerate(printed.pages, 1):
        assert f"{number} / {len(printed.pages)}" in sheet.extract_text()
