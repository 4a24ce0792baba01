"""The site in a real browser: no error, nothing asked elsewhere, the form works, and axe finds nothing wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.pipeline.viewing.test_site import Site, site

pytestmark = pytest.mark.browser
__all__ = ["site"]


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Any]:
    """Started after the site: while Playwright runs, its loop is this thread's, and a gate cannot have one."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield started
        started.close()


def visit(browser: Any, site: Site, path: str) -> tuple[Any, list[str]]:
    """A page, and all that went wrong on it or was asked of others."""
    page, wrong = browser.new_page(), []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    own = f"http://127.0.0.1:{site.port}/"
    page.on("request", lambda sent: None if sent.url.startswith((own, "data:")) else wrong.append(sent.url))
    page.goto(own.rstrip("/") + path)
    return page, [text for text in wrong if "favicon" not in text]


@pytest.mark.parametrize("path", ["/", "/runs", "/versions", "/compare", "/compare?a=v1&b=base", "decision", "run"])
def test_a_page_is_quiet_and_accessible(browser: Any, site: Site, path: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    record = site.project.record
    named = {"decision": f"/decisions/{record['id'][:12]}", "run": f"/runs/{record['runs']['candidate']['queue'][:12]}"}
    page, wrong = visit(browser, site, named.get(path, path))
    assert wrong == []
    # axe is put into the page from outside; the page's own policy forbids that, so it looks at a copy without one.
    html = page.content().replace('http-equiv="Content-Security-Policy"', "data-was-policy")
    page.goto("about:blank")
    page.set_content(html)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found] == []
    page.close()


def test_the_form_compares_what_is_chosen(browser: Any, site: Site) -> None:
    page, wrong = visit(browser, site, "/compare")
    page.select_option("select[name=a]", "v1")
    page.select_option("select[name=b]", "base")
    page.click("button")
    page.wait_for_url("**/compare?a=v1&b=base")
    assert "Metrics of queue.sort" in page.inner_text("main")
    assert wrong == []
    page.close()


@pytest.mark.parametrize("edition", ["internal", "client"])
def test_an_edition_runs_its_own_script_and_no_other(browser: Any, site: Site, edition: str) -> None:
    page, wrong = visit(browser, site, f"/decisions/{site.project.record['id'][:12]}/{edition}")
    assert wrong == []
    assert page.locator("script").count() == (1 if edition == "internal" else 0)
    page.close()
