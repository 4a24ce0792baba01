"""Debian's Chromium, or whichever is there, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


# Of a module, not of the session: while it is there, its event loop runs, and nothing else may start one.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("no Chromium on PATH: `make browser` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page, and all that it did which a report must not do."""

    page: Page
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def open(self, file: Path, link: str = "") -> Page:
        """Open a file from disk."""
        self.page.goto(file.as_uri() + link)
        return self.page


@pytest.fixture
def look(chromium: Browser) -> Iterator[LookAt]:
    found = LookAt(chromium)
    yield found
    found.close()


class LookAt:
    """Opens pages that are watched."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.contexts: list[object] = []

    def __call__(self, *, width: int = 1280, scheme: str = "light", scripts: bool = True) -> Watched:
        context = self.browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=scripts,
        )
        self.contexts.append(context)
        watched = Watched(context.new_page())
        watched.page.on("request", lambda request: watched.asked.append(request.url))
        watched.page.on("console", lambda message: watched.said.append(f"{message.type}: {message.text}"))
        watched.page.on("pageerror", lambda error: watched.said.append(f"error: {error}"))
        watched.page.on("dialog", lambda dialog: (watched.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        watched.page.on("popup", lambda popup: watched.said.append(f"popup: {popup.url}"))
        watched.page.on("download", lambda given: watched.said.append(f"download: {given.url}"))
        return watched

    def close(self) -> None:
        """Close everything that was opened."""
        for context in self.contexts:
            context.close()  # type: ignore[attr-defined]
