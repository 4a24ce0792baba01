"""A cleaned copy of the rows: what a check left out is gone, broken characters are mended, all of it is logged."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import orjson

from harness.core.errors import ConfigError, Problem
from harness.core.samples import Json
from harness.data.checks.encoding import mended
from harness.data.findings import DataFinding
from harness.data.rows import DataRow

LOG = "fixes.jsonl"
_TARGETS = ("target", "label", "output", "completion", "response")


@dataclass(frozen=True, slots=True)
class Fixed:
    """The files written, by the name of their source; how many rows were kept, changed (of the kept) and dropped."""

    files: Mapping[str, Path]
    log: Path
    kept: int
    changed: int
    dropped: int


def fix_rows(
    batches: Iterable[Sequence[DataRow]],
    findings: Sequence[DataFinding],
    out: Path,
    unread: Sequence[Problem] = (),
) -> Fixed:
    """Write the rows as JSON Lines into the new folder `out`, one file for each source, and the log beside them.

    A row that a finding drops is left out. The texts of the others are mended: characters decoded twice, invisible
    ones, accents apart, spaces around the target. Rows that could not be read (`unread`, complete once the batches are
    taken) are logged, too. Raises ConfigError where `out` is there already.
    """
    if out.exists():
        raise ConfigError(Problem("is there already.", file=str(out), hint="Name a folder that is new."))
    drops = {(place.file, place.line): finding for finding in reversed(findings) for place in finding.drop}
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a command that was killed
    part.mkdir(parents=True)
    with ExitStack() as stack:
        writer = _Writer(part, stack)
        for row in (row for rows in batches for row in rows):
            writer.write(row, drops.get((row.file, row.line)))
        for problem in unread:
            writer.log(problem.file or "", problem.line or 0, "read", "dropped", problem.message)
    part.rename(out)
    files = {name: out / path.name for name, path in writer.paths.items()}
    return Fixed(files, out / LOG, writer.kept, writer.changed, writer.dropped)


class _Writer:
    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._log = stack.enter_context((folder / LOG).open("xb"))
        self._files: dict[str, BinaryIO] = {}
        self.paths: dict[str, Path] = {}
        self.kept = self.changed = self.dropped = 0

    def write(self, row: DataRow, finding: DataFinding | None) -> None:
        """Write a row, unless a finding drops it."""
        file = self._of(row.file)
        if finding is not None:
            self.dropped += 1
            self.log(row.file, row.line, finding.check, "dropped", finding.message)
            return
        self.kept += 1
        value, changes = mended_row(row)
        file.write(_json(value) + b"\n")
        if changes:
            self.changed += 1
            self.log(row.file, row.line, "encoding", "changed", f"{', '.join(changes)}: characters or spaces mended.")

    def log(self, file: str, line: int, check: str, action: str, why: str) -> None:
        """A line of the log."""
        said = {"file": file, "line": line, "check": check, "action": action, "why": why}
        self._log.write(_json(said) + b"\n")

    def _of(self, name: str) -> BinaryIO:
        if name not in self._files:
            path = self._folder / _file_name(name, {path.name for path in self.paths.values()})
            self.paths[name] = path
            self._files[name] = self._stack.enter_context(path.open("xb"))
        return self._files[name]


def mended_row(row: DataRow) -> tuple[Json, tuple[str, ...]]:
    """The row's own value with its texts mended, and the names of the fields that changed."""
    value = {name: _stripped(name, _mended(one)) for name, one in row.value.items()}
    return value, tuple(name for name, one in value.items() if one != row.value[name])


def _mended(value: Json) -> Json:
    if isinstance(value, str):
        return mended(value)
    if isinstance(value, Mapping):
        return {name: _mended(one) for name, one in value.items()}
    return [_mended(one) for one in value] if isinstance(value, list | tuple) else value


def _stripped(name: str, value: Json) -> Json:
    """Without spaces around what is to be learnt: a target column, or the last turn of a conversation."""
    if isinstance(value, str):
        return value.strip() if name in _TARGETS else value
    if name not in ("messages", "conversations") or not isinstance(value, list) or not value:
        return value
    last = value[-1]
    if not isinstance(last, Mapping):
        return value
    return [*value[:-1], {key: _bare(key, one) for key, one in last.items()}]


def _bare(key: str, value: Json) -> Json:
    return value.strip() if key in ("content", "value") and isinstance(value, str) else value


def _file_name(source: str, taken: set[str]) -> str:
    """`train.jsonl` of `data/train.csv.gz`; another of that name is `train-2.jsonl`."""
    stem = Path(source).name.split(".")[0] or "rows"
    names: Iterator[str] = (f"{stem}{f'-{number}' if number > 1 else ''}.jsonl" for number in range(1, len(taken) + 3))
    return next(name for name in names if name not in taken and name != LOG)


def _json(value: Json) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # whole numbers beyond 64 bits, halves of surrogate pairs
        import json

        return json.dumps(value).encode()
