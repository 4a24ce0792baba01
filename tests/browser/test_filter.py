"""The filter of the internal edition: a way through the samples with scripts, and nothing is lost without."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import LookAt
from tests.browser.pages import written
from tests.report import made

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SAMPLES, STATUS = "article.sample", "#filter [role=status]"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written("internal", made.material(), tmp_path_factory.mktemp("pages"))


def visible(page: Page) -> int:
    """The samples that somebody sees without opening anything."""
    seen = "found => found.filter(one => one.checkVisibility()).length"
    return int(page.locator(SAMPLES).evaluate_all(seen))


def test_search_and_selects_leave_what_fits_and_say_how_many(report: Path, look: LookAt) -> None:
    watched = look()
    page = watched.open(report)
    every = page.locator(SAMPLES).count()
    assert page.locator(STATUS).inner_text() == f"{every} of {every} samples shown"
    assert visible(page) == 0, "samples lie in parts that are closed at first"
    page.select_option("#filter [name=tags]", "worse")
    page.select_option("#filter [name=suite]", "triage")
    worse = page.locator(f"{SAMPLES}[data-suite=triage][data-tags*=worse]").count()
    assert 0 < worse < every
    assert page.locator(STATUS).inner_text() == f"{worse} of {every} samples shown"
    assert visible(page) == worse
    name = page.locator(f"{SAMPLES}:not([hidden]) h4 a").first.inner_text()
    page.fill("#filter [name=text]", name.upper())
    assert page.locator(STATUS).inner_text() == f"1 of {every} samples shown"
    page.fill("#filter [name=text]", "no sample says this")
    assert page.locator(STATUS).inner_text() == f"0 of {every} samples shown"
    assert watched.said == []


def test_a_link_to_a_sample_opens_what_holds_it_even_where_it_was_filtered_out(report: Path, look: LookAt) -> None:
    page = look().open(report)
    name = page.locator(SAMPLES).last.get_attribute("id")
    page = look().open(report, f"#{name}")
    assert page.locator(f"[id='{name}']").is_visible()
    page.fill("#filter [name=text]", "no sample says this")
    assert not page.locator(f"[id='{name}']").is_visible()
    page.evaluate(f"location.hash = ''; location.hash = '{name}'")
    page.locator(f"[id='{name}']").wait_for(state="visible")


def test_without_scripts_every_sample_can_be_opened_and_no_control_is_shown(report: Path, look: LookAt) -> None:
    page = look(scripts=False).open(report)
    assert not page.locator("#filter").is_visible()
    part = page.locator("details.samples").first
    part.locator("summary").click()
    assert part.locator(SAMPLES).first.is_visible()
