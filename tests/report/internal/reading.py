"""How tests read a page: its tables as texts, its HTML as a reader meets it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from html.parser import HTMLParser

from harness.report.page import Table
from harness.report.words import SPACE

VOID = {"meta", "br", "hr", "img", "input", "link", "wbr"}


def texts(table: Table) -> list[list[str]]:
    """The cells' texts, row by row, with plain spaces."""
    return [[cell.text.replace(SPACE, " ") for cell in row] for row in table.rows]


def notes(table: Table) -> list[list[str]]:
    """The notes below the cells, row by row."""
    return [[cell.note.replace(SPACE, " ") for cell in row] for row in table.rows]


def leaves(value: object) -> Iterator[object]:
    """Everything that a template could print."""
    if is_dataclass(value):
        for field in fields(value):
            yield from leaves(getattr(value, field.name))
    elif isinstance(value, tuple):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


class Reader(HTMLParser):
    """Tags that match, ids, and the texts that a reader sees."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & {*self.open}:
            self.texts.append(data)


def read(html: str) -> Reader:
    """The page, whose tags must all be closed."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader
