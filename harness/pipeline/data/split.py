"""`harness data split`: rows of files to train.jsonl, validation.jsonl and test.jsonl; split.json tells how.

A split made into the folder of an earlier one keeps every row of that where it is, and only places the new ones.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.core.errors import ConfigError, Problem
from harness.core.ids import digest_file
from harness.data.bonds import near_bonds
from harness.data.findings import MOST_PLACES, RowPlace
from harness.data.formats import Columns
from harness.data.read import Reading, rows
from harness.data.rows import DataRow
from harness.data.split import (
    SIDES,
    Bonds,
    Earlier,
    Ints,
    Shares,
    Side,
    cuts_of,
    placed,
    salted,
    sides_by_time,
    sides_of,
)
from harness.pipeline.data.split_columns import SplitColumns
from harness.store.files import json_line, refused, sync_folder, write_lines

RECORD = "split.json"
LEFT_OUT = "left_out.jsonl"
_WHY = "its input, a near copy of it, or its group is on two sides already"


@dataclass(frozen=True, slots=True)
class SplitAsked:
    """How to split. `label`, `group` and `time` are columns; `salt` is any text: another one gives another split."""

    shares: str = "80/10/10"
    label: str | None = None
    group: str | None = None
    time: str | None = None
    salt: str = "1"


@dataclass(frozen=True, slots=True)
class Splitted:
    """What was written. `rows` are by side, `labels` by label and side; `left_out` has at most MOST_PLACES of its rows.

    `notes` are sentences that a person should read.
    """

    folder: Path
    rows: Mapping[str, int]
    labels: Mapping[str, Mapping[str, int]]
    left_out: tuple[RowPlace, ...]
    kept: int
    notes: tuple[str, ...]


def split_files(
    files: Sequence[Path], folder: Path, asked: SplitAsked | None = None, columns: Columns | None = None
) -> Splitted:
    """Split the rows of `files` into `folder`, which is made. `columns` tell where a suite's task keeps what.

    Raises ConfigError naming every row that cannot be read or lacks a column, and where the folder holds a split of
    other rules or files that were changed since; OutsideError where the disk refuses.
    """
    asked = asked or SplitAsked()
    shares, before = Shares.read(asked.shares), _record(folder, asked)
    found = _look(files, asked, columns)
    times = found.times
    cuts = before.get("cuts") or (cuts_of(times, shares) if asked.time else None)
    own = sides_by_time(times, tuple(cuts)) if cuts else sides_of(salted(found.own_keys, asked.salt), shares)
    earlier = _earlier(folder, before, asked, columns, found) if before else None
    numbers, near = near_bonds(found.texts)
    sides = placed(own, Bonds(numbers, found.groups, near), earlier, strict=cuts is not None)
    _write(files, folder, sides, columns)
    counts = {side.name.lower(): int((sides == side).sum()) for side in SIDES}
    record = {**asdict(asked), "cuts": cuts, "inputs": {str(path): digest_file(path) for path in files}}
    sets = {name: {"rows": count, "digest": digest_file(folder / f"{name}.jsonl")} for name, count in counts.items()}
    left_out = np.flatnonzero(sides == Side.LEFT_OUT)
    write_lines(folder / RECORD, [_readable({**record, "sets": sets, "left_out": len(left_out)})])
    labels = found.labels_by(sides)
    places = tuple(found.place(row) for row in left_out[:MOST_PLACES].tolist())
    kept = 0 if earlier is None else int((earlier.rows >= 0).sum())
    notes = tuple(_notes(labels, len(left_out), before, earlier, counts, asked))
    return Splitted(folder, counts, labels, places, kept, notes)


def _readable(record: Mapping[str, Any]) -> bytes:
    return (json.dumps(record, indent=2, ensure_ascii=False) + "\n").encode()


def _look(files: Sequence[Path], asked: SplitAsked, columns: Columns | None) -> SplitColumns:
    """What decides about the rows. Raises ConfigError with all problems."""
    found, reading = SplitColumns(asked.label, asked.group, asked.time), Reading()
    for batch in rows(files, [str(path) for path in files], reading, columns):
        found.look(batch)
    if problems := [*reading.problems, *found.problems]:
        raise ConfigError(problems)
    return found


def _record(folder: Path, asked: SplitAsked) -> dict[str, Any]:
    """What an earlier split into the folder wrote down, {} where there is none. Raises ConfigError."""
    path, there = folder / RECORD, [f"{side.name.lower()}.jsonl" for side in SIDES]
    if not path.is_file():
        if strange := [name for name in there if (folder / name).exists()]:
            raise _refusal(folder, f"holds {strange[0]}, but no {RECORD}")
        return {}
    try:
        record = dict(json.loads(path.read_text(encoding="utf-8")))
        rules = {name: record[name] for name in asdict(asked)}
        digests = {f"{name}.jsonl": one["digest"] for name, one in record["sets"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise _refusal(path, "is no record of a split") from None
    if others := [name for name, value in asdict(asked).items() if rules[name] != value]:
        raise _refusal(folder, f"holds a split with another {' and '.join(others)}")
    for name, digest in digests.items():
        if not (folder / name).is_file() or digest_file(folder / name) != digest:
            raise _refusal(folder / name, "was changed since it was split")
    return record


def _refusal(path: Path, why: str) -> ConfigError:
    return ConfigError(Problem(f"{why}.", str(path), hint="Name another folder with --out."))


def _earlier(
    folder: Path, before: Mapping[str, Any], asked: SplitAsked, columns: Columns | None, now: SplitColumns
) -> Earlier:
    """The sides of the rows of an earlier split among the rows of now."""
    texts: dict[int, int] = {}
    groups: dict[int, int] = {}
    for side in SIDES:
        name = side.name.lower()
        if before["sets"][name]["rows"]:
            then = _look([folder / f"{name}.jsonl"], asked, columns)
            texts.update(dict.fromkeys(then.texts.keys.tolist(), int(side)))
            if then.groups is not None:
                groups.update(dict.fromkeys(then.groups.tolist(), int(side)))
    return Earlier(np.array([texts.get(key, -1) for key in now.texts.keys.tolist()], dtype=np.int64), groups)


def _write(files: Sequence[Path], folder: Path, sides: Ints, columns: Columns | None) -> None:
    """The rows as they stand in the files, each set whole or not at all; what is left out with its place."""
    names = {int(side): f"{side.name.lower()}.jsonl" for side in SIDES}
    if (sides == Side.LEFT_OUT).any():
        names[int(Side.LEFT_OUT)] = LEFT_OUT
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            out = {side: stack.enter_context((folder / f"{name}.new").open("wb")) for side, name in names.items()}
            for row, side in zip(_again(files, columns), sides.tolist(), strict=True):
                left = {"file": row.file, "line": row.line, "why": _WHY, "row": row.value}
                out[side].write(json_line(left if side == Side.LEFT_OUT else row.value))
        for name in names.values():
            (folder / f"{name}.new").replace(folder / name)
        sync_folder(folder)
    except OSError as error:
        raise refused(folder, error) from None
    except ValueError:
        changed = "the files changed while they were split"
        raise ConfigError(Problem(f"{changed}.", str(folder), hint="Split again once nobody writes to them.")) from None
    if LEFT_OUT not in names.values():
        (folder / LEFT_OUT).unlink(missing_ok=True)


def _again(files: Sequence[Path], columns: Columns | None) -> Iterator[DataRow]:
    for batch in rows(files, [str(path) for path in files], Reading(), columns):
        yield from batch


def _notes(
    labels: Mapping[str, Mapping[str, int]],
    left_out: int,
    before: Mapping[str, Any],
    earlier: Earlier | None,
    counts: Mapping[str, int],
    asked: SplitAsked,
) -> Iterator[str]:
    if left_out:
        rows_are = "1 row is" if left_out == 1 else f"{left_out:,} rows are"
        yield f"{rows_are} left out: {_WHY.replace('its', 'the', 1)}. They stand in {LEFT_OUT}."
    for name, count in counts.items():
        if not count:
            yield f"{name} has no rows: give more rows, or other shares."
    absent: Counter[str] = Counter()
    for label, sides in labels.items():
        for name, count in counts.items():
            if count and not sides.get(name):
                absent[name] += 1
                if absent[name] <= MOST_PLACES:
                    yield f'label "{label}" ({sum(sides.values()):,} rows) has none in {name}: give more rows of it.'
    if earlier is not None:
        gone = sum(one["rows"] for one in before["sets"].values()) - int((earlier.rows >= 0).sum())
        if gone > 0:
            yield f"{gone:,} rows of the earlier split are no longer among the given ones, and left the folder."
        if asked.time:
            yield "The cuts in time are the earlier split's: newer rows go to test. Name another folder to cut anew."
