"""A page that says why there is no other."""

from __future__ import annotations

from collections.abc import Iterable

from harness.report.guard import label, passage
from harness.report.site.page import Section, SitePage

_TITLES = {
    400: "This cannot be shown",
    403: "Not from there",
    404: "There is no such page",
    405: "Nothing can be changed from here",
    503: "The store is busy",
}


def trouble_page(release: str, status: int, reasons: Iterable[str]) -> SitePage:
    """`status` is HTTP's; `reasons` are sentences."""
    title = _TITLES.get(status, "Something outside failed")
    return SitePage(title, label(release), "", (Section(texts=tuple(passage(text) for text in reasons)),))
