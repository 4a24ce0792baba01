"""The files that a database is made from, and the making of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.core.errors import OutsideError
from harness.store import bundle, files, reader, registers, schemas, writer
from harness.store.database import StoreLocked, opened

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Kept:
    """The files that a database is made from: folders of bundles and decisions, and the files that only grow."""

    runs: Path
    decisions: Path
    attempts: Path
    versions: Path
    moves: Path

    @property
    def bundles(self) -> list[Path]:
        """The finished bundles, by name."""
        return [folder for folder in sorted(self.runs.glob("*")) if bundle.is_finished(folder)]

    def records(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """The decisions, oldest first; those of one second as they were taken.

        Raises OutsideError for a file that is no decision.
        """
        found, taken = [], self._taken()
        for path in sorted(self.decisions.glob("*.json")):
            try:
                record = json.loads(path.read_bytes())
                found.append((str(record["decided"]), path, dict(record)))
            except (OSError, ValueError, TypeError, KeyError):
                raise OutsideError(f"{path} is no decision: it was changed by hand. Put it back as it was.") from None
        found.sort(key=lambda one: (one[0], taken.get(str(one[2].get("id")), -1)))
        yield from ((path, record) for _, path, record in found)

    def _taken(self) -> dict[str, int]:
        """Each decision's place among the attempts, its first one."""
        lines = list(files.lines_of(self.attempts))
        return {str(line.get("decision")): place for place, line in reversed(list(enumerate(lines)))}


def load_all(connection: duckdb.DuckDBPyConnection, kept: Kept, folders: Iterable[Path]) -> list[str]:
    """Bring bundles, and whatever else stands in the files, into the database; gives the ids of the new runs."""
    known, loaded = {run.id for run in reader.runs(connection)}, []
    for folder in folders:
        run = bundle.read_run(folder)
        if run.id not in known:
            schemas.validate(folder)
            writer.load_bundle(connection, folder)
            loaded.append(run.id)
    for _, record in kept.records():
        writer.add_decision(connection, record)
    registers.load_attempts(connection, kept.attempts)
    registers.load_registry(connection, kept.versions, kept.moves)
    return loaded


def rebuild(store: Path, kept: Kept) -> int:
    """Make the database anew from the files, beside the old one, and put it in its place; gives how many runs it has.

    Raises OutsideError for a bundle that cannot be trusted; then the old database stays.
    """
    if store.is_file():
        try:
            with opened(store) as connection:
                registers.load_registry(connection, kept.versions, kept.moves)
        except StoreLocked:
            raise
        except OutsideError:
            pass  # what cannot be opened has nothing to give
    beside = store.with_name(store.name + ".new")
    for path in (beside, _log(beside)):
        path.unlink(missing_ok=True)
    try:
        with opened(beside) as connection:
            loaded = load_all(connection, kept, kept.bundles)
            connection.execute("CHECKPOINT")
        _log(store).unlink(missing_ok=True)
        beside.replace(store)
        files.sync_folder(store.parent)
    finally:
        beside.unlink(missing_ok=True)
    return len(loaded)


def _log(store: Path) -> Path:
    return store.with_name(store.name + ".wal")
