"""Every page forbids what it does not need, before any text of a stranger, and leads nowhere else."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import pytest

from harness.core.presentation import Presentation
from harness.report.client.view import build_client
from harness.report.index.view import build_index
from harness.report.internal.view import build_internal
from harness.report.render import render_page
from harness.report.site.single import decision_page
from tests.report import hostile, made
from tests.report.client.made import SAY, materials

HEAD = re.compile(
    r'\s*<!doctype html>\s*<html lang="en">\s*<head>\s*<meta charset="utf-8">\s*'
    r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">'
)
CLOSED = {
    "default-src": "'none'",
    "style-src": "'unsafe-inline'",
    "img-src": "data:",
    "base-uri": "'none'",
    "form-action": "'none'",
}
OURS = re.compile(
    r"#[\w-]+$|/$|/(runs|versions|compare)$|/(decisions|runs)/[\w-]+(/internal|/client)?$|ab12(\.client)?\.html$"
)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    found = made.material()
    files = {past.id: {"internal": "ab12.html", "client": "ab12.client.html"} for past in found.history}
    return {
        "internal": render_page("internal.html", build_internal(found), script="filter.js"),
        "client": render_page("client.html", build_client(materials()["fail"], SAY)),
        "index": render_page("index.html", build_index(found.decision, found.history, files, 3)),
        "site": render_page("site.html", decision_page(found.decision)),
    }


@pytest.mark.parametrize("name", ["internal", "client", "index", "site"])
def test_the_policy_stands_first_and_is_closed(pages: dict[str, str], name: str) -> None:
    head = HEAD.match(pages[name])
    assert head
    policy = dict(part.strip().split(" ", 1) for part in head[1].replace("&#39;", "'").split(";"))
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", pages[name], re.DOTALL)
    ours = {"script-src": f"'sha256-{_digest(scripts[0])}'"} if name == "internal" else {}
    assert len(scripts) == len(ours)
    assert policy == {**CLOSED, **({"form-action": "'self'"} if name == "site" else {}), **ours}


@pytest.mark.parametrize("name", ["internal", "client", "index", "site"])
def test_it_leads_and_asks_nowhere_else(pages: dict[str, str], name: str) -> None:
    page = re.sub(r"<script>.*?</script>", "", pages[name], flags=re.DOTALL)
    assert [link for link in re.findall(r'(?:href|src|action)="([^"]*)"', page) if not OURS.match(link)] == []
    assert not re.search(r"@import|url\(|<(iframe|object|embed|base|link|img)\b", page)


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@pytest.mark.parametrize("name", ["script", "handler", "end of style"])
def test_texts_bring_no_markup_into_a_clients_edition_with_samples(name: str) -> None:
    poison = hostile.TEXTS[name]

    def kinds(text: str) -> set[str]:
        told = Presentation(f"Desk{text}", f"Client{text}", f"desk{text}", samples=True)
        found = replace(hostile.material(text), presentation=told, release_yaml=made.YAML)
        page = render_page("client.html", build_client(found, SAY))
        return set(re.findall(r"<[!/a-z][^\s>]*", page))

    assert kinds(poison) <= kinds("")
