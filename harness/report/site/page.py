"""A page of the site as values: every text ready to be shown, every link within the site."""

from __future__ import annotations

from dataclasses import dataclass

from harness.report.listing import Link, Listing
from harness.report.page import Fact, Mark, Table

DECISIONS, RUNS, VERSIONS, COMPARE = "/", "/runs", "/versions", "/compare"
NAVIGATION = (
    Link("Decisions", DECISIONS),
    Link("Runs", RUNS),
    Link("Versions", VERSIONS),
    Link("Compare", COMPARE),
)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what belongs under it; "" where the page's own heading says it all."""

    heading: str = ""
    listings: tuple[Listing, ...] = ()
    tables: tuple[Table, ...] = ()
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """A side that can be chosen: its word, what it is, and whether it is chosen as A or B."""

    word: str
    text: str
    is_first: bool = False
    is_second: bool = False


@dataclass(frozen=True, slots=True)
class SitePage:
    """One page. `here` is the entry of the navigation that it stands under.

    With `mark` it opens with a verdict, its `reason` and what that means. `choices` make the form of two sides.
    """

    title: str
    release: str
    here: str
    sections: tuple[Section, ...] = ()
    mark: Mark | None = None
    reason: str = ""
    meaning: str = ""
    facts: tuple[Fact, ...] = ()
    links: tuple[Link, ...] = ()
    choices: tuple[Choice, ...] = ()
    navigation: tuple[Link, ...] = NAVIGATION


def decision_link(decision_id: str, edition: str = "") -> str:
    """Where a decision's page stands, or one of its editions."""
    return f"/decisions/{decision_id[:12]}" + (f"/{edition}" if edition else "")


def run_link(run_id: str) -> str:
    """Where a run's page stands."""
    return f"/runs/{run_id[:12]}"
