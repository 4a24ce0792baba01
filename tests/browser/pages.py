"""The report's pages as HTML and as files, for a browser to open."""

from __future__ import annotations

from pathlib import Path

from harness.report.client.view import build_client
from harness.report.client.wording import load_wording
from harness.report.internal.view import build_internal
from harness.report.material import Material
from harness.report.render import render_page

EDITIONS = ("internal", "client")


def html(edition: str, material: Material) -> str:
    """One edition of a report."""
    if edition == "internal":
        return render_page("internal.html", build_internal(material), script="filter.js")
    say = load_wording(None)
    return render_page("client.html", build_client(material, say), say=say)


def written(edition: str, material: Material, folder: Path) -> Path:
    """One edition of a report as a file."""
    path = folder / f"{edition}.html"
    path.write_text(html(edition, material), encoding="utf-8")
    return path
