"""The rows of one file as they stand, whatever it is: JSON Lines, CSV or Parquet, packed or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.config.rows import Row, lines, parse
from harness.core.errors import Problem
from harness.data.csv_rows import csv_rows
from harness.data.packed import PARQUET, Unreadable, magic, opened
from harness.data.parquet_rows import parquet_rows

PACKED = (".gz", ".zst")
JSON_LINES, CSV = (".jsonl", ".json", ".ndjson"), (".csv", ".tsv")
_KNOWN = "JSON Lines (.jsonl), CSV (.csv) and Parquet (.parquet) are read, the first two packed as .gz or .zst too."


def raw_rows(path: Path, shown_as: str) -> Iterator[Row | Problem]:
    """The rows, one after the other, and a problem for each that cannot be read.

    Raises Unreadable where the file itself cannot be, be it after some rows.
    """
    suffix = _suffix(path)
    try:
        if magic(path) == PARQUET or suffix == ".parquet":
            yield from parquet_rows(path)
            return
        with opened(path) as file:
            if suffix in CSV:
                yield from csv_rows(file, shown_as)
            else:
                for number, data in lines(file):
                    if number == 1 and data.lstrip(b"\xef\xbb\xbf \t").startswith(b"["):
                        raise Unreadable("this is a JSON list.", "Write one object a line, without brackets.", 1)
                    yield parse(data, number, shown_as)
    except OSError as error:
        raise Unreadable(f"this cannot be read: {error.strerror or error}.") from None


def _suffix(path: Path) -> str:
    """The kind of file, by its name. Raises Unreadable where there is none or its kind is not known."""
    if not path.exists():
        raise Unreadable("this file does not exist.")
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no ordinary file"
        raise Unreadable(f"this is {what}; a file of rows is needed.", _KNOWN)
    if path.stat().st_size == 0:
        raise Unreadable("is empty; it needs at least one row.")
    ends = [suffix.lower() for suffix in path.suffixes[-2:]]
    suffix = ends[-2] if len(ends) == 2 and ends[-1] in PACKED else ends[-1] if ends else ""
    if suffix not in (*JSON_LINES, *CSV, ".parquet"):
        raise Unreadable(f"the name ends in '{suffix}', which tells no known format.", _KNOWN)
    return suffix
