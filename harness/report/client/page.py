"""The client's edition as values: every text ready to be shown."""

from __future__ import annotations

from dataclasses import dataclass

from harness.report.page import Fact, Figure, Mark, Table


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing that was agreed: what came of it, in a sentence, and in small print what was agreed."""

    name: str
    mark: Mark
    sentence: str
    detail: str


@dataclass(frozen=True, slots=True)
class Example:
    """One test case with its answers, the private values blacked out."""

    task: str
    mark: Mark
    texts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page. `nav` is its name in the contents; `points` are a list of sentences.

    `opens` are shown before the promises, `figures` and `tables` after them.
    """

    id: str
    nav: str
    heading: str
    paragraphs: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    opens: tuple[Figure, ...] = ()
    promises: tuple[Promise, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientView:
    """The whole page. `samples` is None where the release shows none."""

    title: str
    masthead: str
    release: str
    client: str
    mark: Mark
    reason: str
    meaning: str
    decided: str
    facts: tuple[Fact, ...]
    nav_label: str
    tested: Section
    results: Section
    guaranteed: Section
    open: Section
    service: Section
    next: Section
    method: Section
    samples: Section | None
    colophon: tuple[str, ...]

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections in the order of the page."""
        told = (self.tested, self.results, self.guaranteed, self.open, self.service, self.next, self.method)
        return (*told, *([self.samples] if self.samples else []))
