"""Rows out of files of any format, in batches, with every row that cannot be read counted and named.

    reading = Reading()
    for batch in rows(paths, shown_as, reading, columns):     # lists of at most BATCH rows, in order, file by file
        ...
    if reading.problems: raise ConfigError(reading.problems)  # complete once all batches were taken

JSON Lines (.jsonl, .json, plain or packed as gzip or Zstandard), CSV (.csv, .tsv) and Parquet. Never more than a
batch of rows is held. `columns_of(task)` (formats.py) makes `columns` of a suite's task.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.errors import Problem
from harness.data.detect import held
from harness.data.formats import Columns, Shape, shapes
from harness.data.packed import Unreadable
from harness.data.raw import raw_rows
from harness.data.rows import DataRow

BATCH = 8_192
MAX_PROBLEMS_OF_A_FILE = 20


@dataclass(slots=True)
class Reading:
    """What reading found on its way: complete once all batches were taken.

    Of each file the first 20 `problems` stand there, and one that counts the rest. `rows` are those given and
    `unreadable` those not, both by file as shown; `shapes` how the rows of each file are laid out, with
    their `format` and `keys`.
    """

    problems: list[Problem] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    shapes: dict[str, Shape] = field(default_factory=dict)

    def add(self, problem: Problem, file: str) -> None:
        """Take in a row that cannot be read."""
        self.unreadable[file] += 1
        if self.unreadable[file] <= MAX_PROBLEMS_OF_A_FILE:
            self.problems.append(problem)

    def end(self, file: str) -> None:
        """Count the rows of a file that were not named."""
        rest = self.unreadable[file] - MAX_PROBLEMS_OF_A_FILE
        if rest > 0:
            self.problems.append(Problem(f"and {rest:,} more rows that cannot be read or written.", file=file))


def rows(
    paths: Sequence[Path],
    shown_as: Sequence[str],
    reading: Reading,
    columns: Columns | None = None,
    *,
    mixed: bool = False,
    unlabelled: bool = False,
) -> Iterator[list[DataRow]]:
    """The rows of `paths`, named in messages as `shown_as`, as lists of 1 to BATCH rows of one file each.

    The format of a file is that of its first rows, and held: a row of another is a problem, or with `mixed` (for the
    check of that name) given in its own format. With `unlabelled` rows need no target: it is "" then. `label` of a
    row is its column 'label' where it has one, and the target where `columns` are of a classify task.
    """
    known = shapes(columns, unlabelled)
    labelled = columns is not None and hasattr(columns.kind, "labels")
    for path, shown in zip(paths, shown_as, strict=True):
        found: list[DataRow] = []
        try:
            values = raw_rows(path, shown)
            file = held(values, known, shown, mixed, labelled)
            reading.shapes[shown] = file.shape
            for row in file.rows():
                if isinstance(row, Problem):
                    reading.add(row, shown)
                    continue
                found.append(row)
                if len(found) == BATCH:
                    reading.rows[shown] += BATCH
                    yield found
                    found = []
        except Unreadable as error:
            reading.problems.append(Problem(error.message, shown, error.line, error.hint))
        else:
            if not (found or reading.rows[shown] or reading.unreadable[shown]):
                reading.problems.append(Problem("is empty; it needs at least one row.", shown))
        reading.rows[shown] += len(found)
        if found:
            yield found
        reading.end(shown)
