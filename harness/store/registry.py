"""The registry's two files, which only grow: versions.jsonl and moves.jsonl. What they say, stands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.core.versions import Move, Registry, Version
from harness.store import files


def read_registry(versions: Path, moves: Path, release: str) -> Registry:
    """The versions of a release and their moves, oldest first. Needs no database, so it can be read often.

    A line of versions.jsonl that has a stage was written by a harness that knew no moves: it is both.
    Raises OutsideError for a line that is no JSON.
    """
    lines = [line for line in files.lines_of(versions) if line["release"] == release]
    old = [_old_move(line) for line in lines if "stage" in line]
    new = [_move(line) for line in files.lines_of(moves) if line["release"] == release]
    return Registry(tuple(_version(line) for line in lines), (*old, *new))


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
    return Move(**line)


def _old_move(line: Mapping[str, Any]) -> Move:
    return Move(0, line["release"], int(line["number"]), line["stage"], "promote", line["decision"], line["created"])
