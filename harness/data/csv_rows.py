"""CSV, strictly: a header, the same number of cells in every row, quotes that close."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from harness.config.rows import MAX_LINE_BYTES, Row
from harness.core.errors import Problem
from harness.data.packed import Unreadable

DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab"}
_UTF8_HINT = "Save the file as UTF-8."
_QUOTE_HINT = 'Close the quote, and double each quote inside a quoted cell ("").'


def csv_rows(file: BinaryIO, shown_as: str) -> Iterator[Row | Problem]:
    """The rows under the header, each cell as text. `line` is where a row begins.

    Raises Unreadable where the header does not tell the columns.
    """
    csv.field_size_limit(MAX_LINE_BYTES)
    texts = _Texts(file)
    header, delimiter = _header(texts)
    if not header:
        return
    table = csv.reader(texts, strict=True, delimiter=delimiter)
    while True:
        begins = texts.line + 1
        try:
            cells = next(table, None)
            if cells is None:
                return
            yield from _row(header, cells, begins, shown_as)
        except csv.Error as error:
            yield _torn(str(error), begins, texts.line, shown_as)
        except UnicodeDecodeError as error:
            yield Problem(_not_utf8(error), shown_as, texts.line, _UTF8_HINT)


class _Texts:
    """The lines of a file as text; `line` is the number of the last one given."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.line = file, 0

    def __iter__(self) -> _Texts:
        return self

    def __next__(self) -> str:
        data = self._file.readline(MAX_LINE_BYTES + 1)
        if not data:
            raise StopIteration
        self.line += 1
        if len(data) > MAX_LINE_BYTES:
            while not data.endswith(b"\n") and (data := self._file.readline(1 << 20)):
                pass
            raise csv.Error(f"the line is longer than {MAX_LINE_BYTES >> 20} MiB")
        if b"\0" in data:
            raise csv.Error("the line holds a NUL character")
        return data.decode()


def _not_utf8(error: UnicodeDecodeError) -> str:
    return f"byte 0x{error.object[error.start]:02x} is not UTF-8."


def _header(texts: Iterator[str]) -> tuple[list[str], str]:
    """The names of the columns, and what separates them; no names where the file is empty."""
    try:
        text = next(texts, "").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Unreadable(_not_utf8(error), _UTF8_HINT, 1) from None
    except csv.Error as error:
        raise Unreadable(f"{error}.", None, 1) from None
    return _names(text) if text else ([], "")


def _names(text: str) -> tuple[list[str], str]:
    found = {}
    for delimiter in DELIMITERS:
        try:
            names = [name.strip() for name in next(csv.reader([text], strict=True, delimiter=delimiter), [])]
        except csv.Error:
            continue
        if len(names) > 1:
            found[delimiter] = names
    if not found:
        message = f"the first line must name the columns, at least two, but is: {_short(text)}."
        raise Unreadable(message, "Separate them by commas, semicolons or tabs.", 1)
    if len(found) > 1:
        both = " and ".join(DELIMITERS[each] for each in found)
        raise Unreadable(f"the first line holds {both}: what separates the columns?", "Use one of them only.", 1)
    delimiter, names = next(iter(found.items()))
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice or "" in names:
        what = f"names the column '{twice[0]}' twice" if twice and twice[0] else "has a column without a name"
        raise Unreadable(f"the first line {what}.", "Name each column once.", 1)
    return names, delimiter


def _row(header: list[str], cells: list[str], line: int, file: str) -> Iterable[Row | Problem]:
    if len(cells) == len(header):
        yield Row(line, dict(zip(header, cells, strict=True)))
    elif cells:
        message = f"the row has {len(cells)} cells, the header {len(header)}."
        yield Problem(message, file, line, "Put quotes around cells that hold the separator.")


def _torn(reason: str, begins: int, ends: int, file: str) -> Problem:
    """What a row that the csv module gives up on means for its reader."""
    if reason.startswith("the line"):
        return Problem(f"{reason}.", file, ends)
    through = f"; the lines {begins} to {ends} were taken for one row" if ends > begins else ""
    reason = "a quote is not closed" if "unexpected end" in reason or "field larger" in reason else "a quote is astray"
    return Problem(f"{reason}{through}.", file, begins, _QUOTE_HINT)


def _short(text: str) -> str:
    shown = text.strip()
    return repr(shown if len(shown) <= 80 else shown[:79] + "…")
