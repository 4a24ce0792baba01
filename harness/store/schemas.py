"""The rules of single rows once more, by pandera: whole bundles that come in by `harness store` pass here too.

Importing pandera takes about a second and 110 MiB, a third of what a run of 2,000 samples may take; so a run's own
bundle is checked by the same rules in the database (rules.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from harness.store import bundle
from harness.store.parquet import CONFIG
from harness.store.parts import COLUMNS, Column, rows_of
from harness.store.rules import broken, unreadable

VECTORS = 5  # of 2,048 rows each, in memory at once


def validate(folder: Path) -> None:
    """Check every row of a finished bundle. Raises BundleRefused naming file, row and rule, OutsideError."""
    for part, path in bundle.part_files(folder).items():
        schema = _schema(part)
        with closing(duckdb.connect(config=CONFIG)) as connection:
            try:
                _validate_part(connection, schema, folder, part, path)
            except duckdb.Error as error:
                raise unreadable(folder, error) from None


def _validate_part(connection: duckdb.DuckDBPyConnection, schema: Any, folder: Path, part: str, path: Path) -> None:
    from pandera.errors import SchemaErrors

    cursor = connection.execute(f"SELECT *, {_finite(part)} FROM ({rows_of(part, path)})")
    while len(rows := cursor.fetch_df_chunk(VECTORS)):
        try:
            schema.validate(rows, lazy=True)
        except SchemaErrors as error:
            cases = error.failure_cases
            first = cases.loc[cases["index"].idxmin()] if cases["index"].notna().any() else cases.iloc[0]
            row = int(rows["position"].iloc[0 if first["index"] != first["index"] else int(first["index"])]) + 1
            raise broken(folder, path.name, row, _rule(first)) from None


def _schema(part: str) -> Any:
    """A pandera schema with the columns' rules."""
    import pandera.pandas as pa

    columns: dict[str, Any] = {}
    for column in COLUMNS[part]:
        columns[column.name] = pa.Column(nullable=not column.required, checks=_checks(column, pa), name=column.name)
        if column.type == "DOUBLE":
            rule = f"{column.name} is a finite number or missing"
            columns[f"{column.name} is finite"] = pa.Column(bool, checks=pa.Check.eq(True, error=rule))
    given = [column for column in COLUMNS[part] if column.unless]
    either = [pa.Check(_either(column), error=list(column.rules)[-1]) for column in given]
    return pa.DataFrameSchema(columns, checks=either)


def _checks(column: Column, pa: Any) -> list[Any]:
    """The column's checks; a value that is missing is `nullable`'s business."""
    texts, found = list(column.rules), []
    if column.least is not None:
        text = next(text for text in texts if "at least" in text or "not empty" in text)
        measured = {"min_value": column.least, "error": text}
        found.append(pa.Check.str_length(**measured) if column.type == "VARCHAR" else pa.Check.ge(**measured))
    if column.one_of:
        found.append(
            pa.Check.isin(allowed_values=column.one_of, error=next(text for text in texts if " is one of " in text))
        )
    return found


def _either(column: Column) -> Any:
    """NaN is no number, but it is there: the rule on finite numbers tells of it."""
    return lambda rows: rows[column.unless].notna() | ~rows[f"{column.unless} is finite"] | rows[column.name].notna()


def _finite(part: str) -> str:
    """pandas has one sign for NaN and for missing, so DuckDB tells them apart before."""
    doubles = [column.name for column in COLUMNS[part] if column.type == "DOUBLE"]
    tests = [f'("{name}" IS NULL OR isfinite("{name}")) AS "{name} is finite"' for name in doubles]
    return ", ".join(tests) or "true AS whole"


def _rule(case: Mapping[str, Any]) -> str:
    return f"{case['column']} is there" if case["check"] == "not_nullable" else str(case["check"])
