"""What goes into the database: finished bundles and decisions. All of it stands in files first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.core.errors import OutsideError
from harness.store import bundle, parts, records
from harness.store.bundle import BundleRefused
from harness.store.database import first_line, opened
from harness.store.rules import check_relations, check_rows, unreadable
from harness.store.transactions import transaction

if TYPE_CHECKING:
    import duckdb


def bring_in(store: Path, folder: Path) -> None:
    """Bring the bundle of a run that just finished into the database.

    Raises BundleRefused where it breaks a rule; OutsideError where the database is locked, read-only or full, saying
    that the bundle is whole and how it comes in later.
    """
    import duckdb

    try:
        with opened(store) as connection:
            load_bundle(connection, folder)
    except BundleRefused:
        raise
    except (OutsideError, duckdb.Error) as error:
        raise OutsideError(
            f"the run is whole in {folder}, but it could not be brought into the store: {first_line(error)} "
            "Nothing has to be asked again: `harness store load` brings it in later."
        ) from None


def load_bundle(connection: duckdb.DuckDBPyConnection, folder: Path) -> bool:
    """Bring a finished bundle into the database, whole or not at all; gives False where it is there already.

    Raises BundleRefused where it was changed after its run, or breaks a rule.
    """
    import duckdb

    run = records.run_to_json(bundle.read_run(folder))
    if connection.execute("SELECT 1 FROM runs WHERE id = ?", [run["id"]]).fetchone():
        return False
    found = bundle.part_files(folder)
    with transaction(connection):
        try:
            check_rows(connection, folder, found)
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            raise unreadable(folder, error) from None
        connection.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", run_row(run))
        for part, path in found.items():
            columns = f"position, {parts.names(part)}"
            query = f"SELECT ?, {columns} FROM ({parts.rows_of(part, path)})"
            connection.execute(f"INSERT INTO {part} (run, {columns}) {query}", [run["id"]])
        check_relations(connection, folder, found, run["id"])
    return True


def run_row(run: Mapping[str, Any]) -> list[Any]:
    """A run's row: id, release, suite, role, started, the three counts, and the whole as JSON."""
    counts = [run["counts"][name] for name in ("scored", "model_failed", "not_evaluated")]
    return [run["id"], run["release"], run["suite"], run["model"]["role"], run["started"], *counts, json.dumps(run)]


def add_decision(connection: duckdb.DuckDBPyConnection, record: Mapping[str, Any]) -> None:
    """Keep a decision; the same decision taken again is one decision."""
    connection.execute("INSERT OR IGNORE INTO decisions VALUES (?, ?, ?, ?, ?)", decision_row(record))


def decision_row(record: Mapping[str, Any]) -> list[Any]:
    """A decision's row: id, release, verdict, time, and the whole as JSON."""
    return [record["id"], record["release"], record["verdict"], record["decided"], json.dumps(record)]
