"""Whether bundles, files and database still say the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.core.errors import OutsideError, Problem
from harness.store import bundle, files, records, registers, schemas, writer
from harness.store.kept import Kept
from harness.store.rules import files_equal

if TYPE_CHECKING:
    import duckdb

_LOAD = "Run `harness store load`."
_REBUILD = "Put the file back, or run `harness store rebuild` if the file is right."


def differences(
    connection: duckdb.DuckDBPyConnection, kept: Kept, identify: Callable[[Mapping[str, Any]], str]
) -> list[Problem]:
    """Everything in which bundles, files and database differ, or a bundle breaks a rule; nothing where all is well.

    `identify` gives the id that follows from a decision's record; ValueError where it is none.
    """
    return [*_bundles(connection, kept), *_decisions(connection, kept, identify), *_growing(connection, kept)]


def _bundles(connection: duckdb.DuckDBPyConnection, kept: Kept) -> Iterator[Problem]:
    stored = _rows(connection, "runs")
    for folder in kept.bundles:
        try:
            run = bundle.read_run(folder)
            schemas.validate(folder)
        except OutsideError as error:
            yield Problem(str(error))
            stored.pop(next((identity for identity in stored if identity.startswith(folder.name)), ""), None)
            continue
        if run.id not in stored:
            yield Problem("is not in the database.", file=str(folder), hint=_LOAD)
            continue
        if stored.pop(run.id) != _parsed(writer.run_row(records.run_to_json(run))):
            yield Problem("its run differs from the database's.", file=str(folder), hint=_REBUILD)
        for part, path in bundle.part_files(folder).items():
            if not files_equal(connection, part, path, run.id):
                yield Problem(f"its {part} differ from the database's.", file=str(path), hint=_REBUILD)
    for identity in stored:
        yield Problem(f"the run {identity[:12]} is in the database, but has no bundle.", file=str(kept.runs))


def _decisions(
    connection: duckdb.DuckDBPyConnection, kept: Kept, identify: Callable[[Mapping[str, Any]], str]
) -> Iterator[Problem]:
    stored = _rows(connection, "decisions")
    for path, record in kept.records():
        identity = str(record.get("id"))
        try:
            follows = identify(record) == identity and identity.startswith(path.stem)
        except ValueError:
            follows = False
        if not follows:
            yield Problem("does not have the id that follows from what it says.", file=str(path), hint=_REBUILD)
        elif identity not in stored:
            yield Problem("is not in the database.", file=str(path), hint=_LOAD)
        elif stored[identity] != _parsed(writer.decision_row(record)):
            yield Problem("differs from the database's.", file=str(path), hint=_REBUILD)
        stored.pop(identity, None)
    for identity in stored:
        yield Problem(f"the decision {identity[:12]} is in the database alone.", file=str(kept.decisions))


def _growing(connection: duckdb.DuckDBPyConnection, kept: Kept) -> Iterator[Problem]:
    for path, stored in (
        (kept.attempts, registers.attempts(connection)), (kept.versions, registers.versions(connection)),
        (kept.moves, registers.moves(connection)),
    ):  # fmt: skip
        if list(files.lines_of(path)) != stored:
            yield Problem("differs from the database's.", file=str(path), hint=_REBUILD)


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, list[Any]]:
    """The rows of runs or decisions by id."""
    rows = connection.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()
    return {str(row[0]): _parsed(row) for row in rows}


def _parsed(row: Sequence[Any]) -> list[Any]:
    """A row whose last column, the whole as JSON, compares by what it says."""
    return [*row[:-1], json.loads(row[-1])]
