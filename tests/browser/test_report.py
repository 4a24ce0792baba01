"""Both editions as people meet them: in a browser, on a phone, in the dark, on paper, without scripts, with strangers'
texts in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

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


@pytest.mark.parametrize("edition", EDITIONS)
def test_in_the_dark_the_page_is_dark_and_on_paper_it_is_white(
    edition: str, pages: dict[str, Path], look: LookAt
) -> None:
    page = look(scheme="dark").open(pages[edition])
    paper, ink = _colours(page)
    assert max(paper) < 60
    assert min(ink) > 180
    page.emulate_media(media="print", color_scheme="dark")
    paper, ink = _colours(page)
    assert min(paper) == 255
    assert max(ink) < 60


@pytest.mark.parametrize("edition", EDITIONS)
def test_on_paper_there_is_no_navigation_and_what_is_closed_is_told_or_printed(
    edition: str, pages: dict[str, Path], look: LookAt
) -> None:
    page = look().open(pages[edition])
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert not page.locator(".skip").is_visible()
    closed = page.locator("details:not([open])")
    assert closed.count() > 0
    if edition == "client":
        assert closed.evaluate_all("all => all.every(one => one.lastElementChild.checkVisibility())")
    else:
        told = "all => all.map(one => getComputedStyle(one.querySelector('summary'), '::after').content)"
        assert set(closed.evaluate_all(told)) == {'" (in the HTML file)"'}


@pytest.mark.parametrize("edition", EDITIONS)
def test_keys_alone_lead_past_the_contents_and_show_where_one_is(
    edition: str, pages: dict[str, Path], look: LookAt
) -> None:
    page = look().open(pages[edition])
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    assert skip.evaluate("one => one === document.activeElement")
    box = skip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    for _ in range(5):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "(one => ({inside: !!one.closest('main'), style: getComputedStyle(one).outlineStyle,"
            " width: parseFloat(getComputedStyle(one).outlineWidth)}))(document.activeElement)"
        )
        assert seen["inside"]
        assert seen["style"] != "none"
        assert seen["width"] >= 2


@pytest.mark.parametrize("edition", EDITIONS)
def test_keys_alone_open_what_is_closed(edition: str, pages: dict[str, Path], look: LookAt) -> None:
    page = look().open(pages[edition])
    part = page.locator("details:not([open])").first
    name = part.evaluate("one => { one.dataset.looked = 'x'; return one.querySelector('summary').innerText }")
    part.locator("summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("details[data-looked=x]").get_attribute("open") is not None, name


def _colours(page: Page) -> tuple[list[int], list[int]]:
    """Paper and ink of the page, as red, green and blue from 0 to 255."""
    style = "(name) => getComputedStyle(document.body)[name].match(/\\d+/g).slice(0, 3).map(Number)"
    return page.evaluate(style, "backgroundColor"), page.evaluate(style, "color")
