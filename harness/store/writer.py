"""What goes into the database: finished bundles, decisions, versions. All of it stands in files first."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from harness.store import bundle, records

_COLUMNS = {
    "samples": {
        "task": "VARCHAR", "id": "VARCHAR", "row": "JSON", "target": "JSON", "group": "VARCHAR", "slices": "JSON",
    },
    "outputs": {
        "task": "VARCHAR", "sample_id": "VARCHAR", "text": "VARCHAR", "finish_reason": "VARCHAR",
        "prompt_tokens": "BIGINT", "generated_tokens": "BIGINT", "latency": "DOUBLE", "choices": "DOUBLE[]",
        "error": "VARCHAR",
    },
    "answers": {"task": "VARCHAR", "sample_id": "VARCHAR", "outcome": "VARCHAR", "value": "JSON", "reason": "VARCHAR"},
    "scores": {
        "task": "VARCHAR", "sample_id": "VARCHAR", "metric": "VARCHAR", "value": "DOUBLE", "part": "VARCHAR",
        "reason": "VARCHAR",
    },
}  # fmt: skip


def load_bundle(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Bring a finished bundle into the database, once; a second time changes nothing. Raises OutsideError."""
    run = records.run_to_json(bundle.read_run(folder))
    if connection.execute("SELECT 1 FROM runs WHERE id = ?", [run["id"]]).fetchone():
        return
    counts = run["counts"]
    connection.execute("BEGIN")
    connection.execute(
        "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [run["id"], run["release"], run["suite"], run["model"]["role"], run["started"], counts["scored"],
         counts["model_failed"], counts["not_evaluated"], json.dumps(run)],
    )  # fmt: skip
    for name in bundle.PARTS:
        table = name.removesuffix(".jsonl")
        if (folder / name).stat().st_size:
            _load_part(connection, table, folder / name, run["id"])
    connection.execute("COMMIT")


def _load_part(connection: duckdb.DuckDBPyConnection, table: str, path: Path, run: str) -> None:
    columns = _COLUMNS[table]
    names = ", ".join(f'"{name}"' for name in columns)
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    position = ", position" if table == "samples" else ""
    numbered = ", row_number() OVER () - 1" if table == "samples" else ""
    source = f"read_json(?, format='newline_delimited', columns={{{types}}}, maximum_object_size=67108864)"
    connection.execute(
        f"INSERT INTO {table} (run, {names}{position}) SELECT ?, {names}{numbered} FROM {source}", [run, str(path)]
    )


def add_decision(connection: duckdb.DuckDBPyConnection, record: dict[str, object]) -> None:
    """Keep a decision; the same decision taken again is one decision."""
    connection.execute(
        "INSERT OR IGNORE INTO decisions VALUES (?, ?, ?, ?, ?)",
        [record["id"], record["release"], record["verdict"], record["decided"], json.dumps(record)],
    )


def add_version(
    connection: duckdb.DuckDBPyConnection, release: str, adapter: str, base: str, decision: str, stage: str, now: str
) -> int:
    """Record a version; the same adapter at the same stage by the same decision stays one version. Gives its number."""
    found = connection.execute(
        "SELECT number FROM versions WHERE release = ? AND adapter_digest = ? AND decision = ? AND stage = ?",
        [release, adapter, decision, stage],
    ).fetchone()
    if found:
        return int(found[0])
    last = connection.execute("SELECT coalesce(max(number), 0) FROM versions").fetchone()
    number = (int(last[0]) if last else 0) + 1
    connection.execute(
        "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?)", [number, release, adapter, base, decision, stage, now]
    )
    return number
