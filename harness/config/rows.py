"""JSON Lines with every bad line named: broken JSON, bytes that are not UTF-8, rows that are no objects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import orjson

from harness.core.errors import Problem
from harness.core.json_values import EXACT, number

# One line of this size is no row that a person wrote, and would fill the memory.
MAX_LINE_BYTES = 16 * 1024 * 1024

# The end of a key: a quote that is not escaped (more backslashes than two may be counted once too often, never missed).
_KEY = re.compile(rb'"(?<!\\")\s*:')
_KEY_WITH_BACKSLASH = re.compile(rb'\\\\"\s*:')


@dataclass(frozen=True, slots=True)
class Row:
    """A row and the line where it stands."""

    line: int
    value: dict[str, object]


def read_rows(path: Path, shown_as: str) -> tuple[list[Row], list[Problem]]:
    """All readable rows of a file, and a problem for each line that is not one."""
    if not path.exists():
        return [], [Problem("this file does not exist.", file=shown_as)]
    if not path.is_file():
        return [], [Problem("this is not a file; a JSON Lines file is needed.", file=shown_as)]
    rows: list[Row] = []
    problems: list[Problem] = []
    with path.open("rb") as file:
        for number, data in lines(file):
            row = parse(data, number, shown_as)
            (rows if isinstance(row, Row) else problems).append(row)  # type: ignore[arg-type]
    if not rows and not problems:
        problems.append(Problem("is empty; it needs at least one row.", file=shown_as))
    return rows, problems


def lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers; of one beyond MAX_LINE_BYTES no more than that and a byte."""
    number = 0
    while data := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(data) > MAX_LINE_BYTES and not data.endswith(b"\n"):
            while (more := file.readline(1 << 20)) and not more.endswith(b"\n"):
                pass
            yield number, data
        elif not data.isspace():
            yield number, data


def parse(data: bytes, line: int, file: str) -> Row | Problem:
    """The row that a line holds, or what is wrong with it."""
    value = _quickly(data) if len(data) <= MAX_LINE_BYTES else None
    return _carefully(data, line, file) if value is None else Row(line, value)


def _quickly(data: bytes) -> dict[str, object] | None:
    """A row by orjson; None where that would not tell what is wrong, or takes what the careful way refuses."""
    try:
        value = orjson.loads(data)
        # As many keys as stand in the text: none was dropped because it stood twice.
        whole = isinstance(value, dict) and _count_keys(value) == _keys_in(data)
    except (ValueError, RecursionError):
        return None
    return value if whole else None


def _keys_in(data: bytes) -> int:
    """The keys that stand in a row's text, those that stand twice counted twice."""
    # The search for one byte is far quicker than that for three.
    more = len(_KEY_WITH_BACKSLASH.findall(data)) if b"\\" in data and b'\\\\"' in data else 0
    return len(_KEY.findall(data)) + more


def _count_keys(value: dict[str, object] | list[object]) -> int:
    """The keys of all objects inside. Raises ValueError for a number that may have been rounded."""
    count, items = (len(value), value.values()) if isinstance(value, dict) else (0, value)
    for item in items:
        kind = type(item)
        if kind is dict or kind is list:
            count += _count_keys(item)  # type: ignore[arg-type]
        elif kind is float and abs(item) >= EXACT:  # type: ignore[arg-type]
            raise ValueError(item)
    return count


def _carefully(data: bytes, line: int, file: str) -> Row | Problem:
    if len(data) > MAX_LINE_BYTES:
        return Problem(f"the line is longer than {MAX_LINE_BYTES >> 20} MiB.", file=file, line=line)
    try:
        text = data.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        byte = data[error.start]
        return Problem(f"byte 0x{byte:02x} is not UTF-8.", file=file, line=line, hint="Save the file as UTF-8.")
    try:
        value = json.loads(text, object_pairs_hook=_no_key_twice, parse_float=number)
        # Lone surrogates, NaN and numbers beyond floats are read, but can be neither stored nor hashed.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        return Problem("holds half a character (a lone surrogate).", file=file, line=line)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", None) or str(error)
        place = f" (column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        return Problem(f"is not valid JSON: {reason}{place}.", file=file, line=line)
    if not isinstance(value, dict):
        return Problem("a row must be a JSON object ({…}).", file=file, line=line)
    return Row(line, value)


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key '{next(name for name in names if names.count(name) > 1)}' stands twice")
    return found
