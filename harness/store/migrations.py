"""The database's tables, as ordered steps; each is applied once, in a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.core.errors import ConfigError
from harness.store.transactions import transaction

if TYPE_CHECKING:
    import duckdb

# The place of a row within its run, for tables that kept it only by their physical order.
_POSITION = """
    ALTER TABLE {table} ADD COLUMN position BIGINT;
    UPDATE {table} SET position = numbered.position FROM (
        SELECT rowid AS at, row_number() OVER (PARTITION BY run ORDER BY rowid) - 1 AS position FROM {table}
    ) numbered WHERE {table}.rowid = numbered.at;
"""

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY, release TEXT NOT NULL, suite TEXT NOT NULL, role TEXT NOT NULL,
        started TEXT NOT NULL, scored BIGINT NOT NULL, model_failed BIGINT NOT NULL, not_evaluated BIGINT NOT NULL,
        manifest JSON NOT NULL
    );
    CREATE TABLE samples (
        run TEXT NOT NULL, task TEXT NOT NULL, position BIGINT NOT NULL, id TEXT NOT NULL,
        "row" JSON NOT NULL, target JSON, "group" TEXT, slices JSON
    );
    CREATE TABLE outputs (
        run TEXT NOT NULL, task TEXT NOT NULL, sample_id TEXT NOT NULL, text TEXT, finish_reason TEXT,
        prompt_tokens BIGINT, generated_tokens BIGINT, latency DOUBLE, choices DOUBLE[], error TEXT
    );
    CREATE TABLE answers (
        run TEXT NOT NULL, task TEXT NOT NULL, sample_id TEXT NOT NULL, outcome TEXT NOT NULL, value JSON, reason TEXT
    );
    CREATE TABLE scores (
        run TEXT NOT NULL, task TEXT NOT NULL, sample_id TEXT NOT NULL, metric TEXT NOT NULL, value DOUBLE,
        part TEXT NOT NULL, reason TEXT
    );
    CREATE TABLE decisions (
        id TEXT PRIMARY KEY, release TEXT NOT NULL, verdict TEXT NOT NULL, decided TEXT NOT NULL, record JSON NOT NULL
    );
    CREATE TABLE versions (
        number BIGINT PRIMARY KEY, release TEXT NOT NULL, adapter_digest TEXT NOT NULL, base_digest TEXT NOT NULL,
        decision TEXT NOT NULL, stage TEXT NOT NULL, created TEXT NOT NULL
    );
    """,
    """
    ALTER TABLE samples ADD COLUMN origin TEXT;
    ALTER TABLE outputs ADD COLUMN repeat BIGINT DEFAULT 0;
    ALTER TABLE outputs ADD COLUMN attempts BIGINT DEFAULT 1;
    ALTER TABLE outputs ADD COLUMN cached BOOLEAN DEFAULT false;
    ALTER TABLE answers ADD COLUMN repeat BIGINT DEFAULT 0;
    ALTER TABLE scores ADD COLUMN repeat BIGINT DEFAULT 0;
    """
    + "".join(_POSITION.format(table=table) for table in ("outputs", "answers", "scores"))
    + """
    CREATE TABLE attempts (
        number BIGINT PRIMARY KEY, time TEXT NOT NULL, release TEXT NOT NULL, decision TEXT NOT NULL,
        verdict TEXT NOT NULL, runs JSON NOT NULL
    );
    """,
    """
    ALTER TABLE attempts ADD COLUMN candidate TEXT;
    ALTER TABLE attempts ADD COLUMN data JSON;
    """,
    """
    ALTER TABLE versions ALTER COLUMN stage DROP NOT NULL;
    ALTER TABLE versions ADD COLUMN digests JSON;
    ALTER TABLE versions ADD COLUMN provenance JSON;
    ALTER TABLE versions ADD COLUMN parent BIGINT;
    CREATE TABLE moves (
        number BIGINT PRIMARY KEY, release TEXT NOT NULL, version BIGINT NOT NULL, stage TEXT NOT NULL,
        why TEXT NOT NULL, decision TEXT NOT NULL, time TEXT NOT NULL, "by" TEXT NOT NULL, share DOUBLE,
        note TEXT NOT NULL
    );
    """,
)


def check(connection: duckdb.DuckDBPyConnection) -> int:
    """How many steps a database has. Raises ConfigError for one that is newer than this harness."""
    found = connection.execute("SELECT coalesce(max(step), 0) FROM migrations").fetchone()
    applied = int(found[0]) if found else 0
    if applied > len(STEPS):
        raise ConfigError(
            f"the store was written by a newer harness (step {applied}; this one knows {len(STEPS)}). Update harness."
        )
    return applied


def migrate(connection: duckdb.DuckDBPyConnection) -> int:
    """Bring the database to this version of the tables; gives its step.

    A step that fails leaves the tables as they were. Raises ConfigError for a database that is newer.
    """
    connection.execute("CREATE TABLE IF NOT EXISTS migrations (step BIGINT PRIMARY KEY, applied TIMESTAMP)")
    applied = check(connection)
    for number, step in enumerate(STEPS[applied:], start=applied + 1):
        with transaction(connection):
            connection.execute(step)
            connection.execute("INSERT INTO migrations VALUES (?, current_timestamp)", [number])
    return len(STEPS)
