"""The registry's files, which only grow: versions.jsonl, moves.jsonl and policies.jsonl. What they say, stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from harness.core.errors import OutsideError
from harness.core.versions import Move, Registry, StagePolicy, Version
from harness.store import files

_MOVE = {field.name for field in fields(Move)}
_POLICY = {field.name for field in fields(StagePolicy)}


def read_registry(versions: Path, moves: Path, release: str, policies: Path | None = None) -> Registry:
    """The versions of a release, their moves and (where that file is given) its stages' policies, oldest first.

    Needs no database, so it can be read often.

    A line of versions.jsonl that has a stage was written by a harness that knew no moves: it is both.
    Raises OutsideError for a line that is no JSON, or no version, move or policy.
    """
    try:
        lines = [line for line in files.lines_of(versions) if line["release"] == release]
        made = tuple(map(_version, lines))
    except (KeyError, TypeError, ValueError):
        raise _changed(versions, "version") from None
    try:
        old = [_old_move(line) for line in lines if "stage" in line]
        new = [_move(line) for line in files.lines_of(moves) if line["release"] == release]
    except (KeyError, TypeError, ValueError):
        raise _changed(moves, "move") from None
    moved = tuple(move for move in (*old, *new) if move.stage)
    noted = tuple(move for move in new if not move.stage)
    return Registry(made, moved, noted, _policies(policies, release) if policies else ())


def add_version(file: Path, version: Version) -> None:
    """Add the line of a version, and wait until the disk has it. Raises OutsideError."""
    files.append(file, _line(version))


def add_move(file: Path, move: Move) -> None:
    """Add the line of a move or a note, and wait until the disk has it. Raises OutsideError.

    The line is there whole or not at all, so a version is never half moved.
    """
    files.append(file, _line(move))


def add_policy(file: Path, policy: StagePolicy) -> None:
    """Add the line of a stage's policy, and wait until the disk has it. Raises OutsideError."""
    files.append(file, _line(policy))


def next_number(file: Path) -> int:
    """The number of the line that comes next: numbers count over all releases."""
    return 1 + max((int(line["number"]) for line in files.lines_of(file)), default=0)


def _policies(file: Path, release: str) -> tuple[StagePolicy, ...]:
    try:
        lines = [line for line in files.lines_of(file) if line["release"] == release]
        return tuple(map(_policy, lines))
    except (KeyError, TypeError, ValueError):
        raise _changed(file, "policy of a stage") from None


def _policy(line: Mapping[str, Any]) -> StagePolicy:
    known: dict[str, Any] = {"before": None, **{name: value for name, value in line.items() if name in _POLICY}}
    return StagePolicy(**known)


def _line(value: Version | Move | StagePolicy) -> dict[str, Any]:
    """Without what is not known, as the database's rows are compared with it."""
    return {name: found for name, found in asdict(value).items() if found is not None}


def _version(line: Mapping[str, Any]) -> Version:
    return Version(
        number=int(line["number"]),
        release=str(line["release"]),
        adapter_digest=str(line["adapter_digest"]),
        base_digest=str(line["base_digest"]),
        decision=str(line["decision"]),
        created=str(line["created"]),
        digests=dict(line.get("digests", {})),
        provenance=dict(line.get("provenance", {})),
        parent=line.get("parent"),
    )


def _move(line: Mapping[str, Any]) -> Move:
    return Move(**{name: value for name, value in line.items() if name in _MOVE})


def _old_move(line: Mapping[str, Any]) -> Move:
    return Move(0, line["release"], int(line["number"]), line["stage"], "promote", line["decision"], line["created"])


def _changed(file: Path, what: str) -> OutsideError:
    return OutsideError(f"a line of {file} is no {what}: it was changed by hand. Put it back as it was.")
