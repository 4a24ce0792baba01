"""Tables that lead on: rows with links and verdicts, for the index of a release and the pages of the site."""

from __future__ import annotations

from dataclasses import dataclass

from harness.report.page import Cell, Mark, Picture


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads to `href`, which is relative to the page."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell: a mark, a text with a note, links, a small picture; what is not given is not shown."""

    text: str = ""
    note: str = ""
    style: str = ""
    mark: Mark | None = None
    links: tuple[Link, ...] = ()
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A table whose first column names the rows. `empty` is said where there are none."""

    caption: str
    head: tuple[Cell, ...]
    rows: tuple[tuple[Entry, ...], ...]
    note: str = ""
    empty: str = "None yet."
