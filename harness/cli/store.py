"""The store of runs: load bundles into it, verify it, export from it, build it anew from the files, query it."""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.cli.command import release_argument

CELL = 60  # the widest that a cell of a printed table gets


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    load = verbs.add_parser("load", help="bring finished bundles into the database")
    load.add_argument("folders", nargs="*", metavar="FOLDER", help="bundles (default: all that are not in it yet)")
    verify = verbs.add_parser("verify", help="check hashes, rules and ids; exit 2 names what differs")
    export = verbs.add_parser("export", help="write runs as files for other programs")
    which = export.add_mutually_exclusive_group(required=True)
    which.add_argument("run", nargs="?", help="first digits of the run's id")
    which.add_argument("--all", action="store_true", help="every run, and decisions, attempts, versions, moves")
    export.add_argument("--to", required=True, metavar="DIR", help="the folder to write to")
    defused = "csv puts a ' before texts that a spreadsheet would run as a formula"
    export.add_argument("--format", default="parquet", choices=("parquet", "csv", "jsonl"), help=defused)
    rebuild = verbs.add_parser("rebuild", help="make the database anew from bundles, decisions and registers")
    query = verbs.add_parser("query", help="print the rows of a query; it can change nothing")
    query.add_argument("sql", metavar="SELECT", help="the query, in DuckDB's SQL")
    query.add_argument("--format", default="table", choices=("table", "csv", "json"))
    for verb in (load, verify, export, rebuild, query):
        release_argument(verb)


def main(given: argparse.Namespace) -> int:
    """Print what was done."""
    from harness.pipeline import store
    from harness.pipeline.workspace import Workspace

    workspace = Workspace(Path(given.file).resolve().parent)
    if given.verb == "load":
        loaded = store.load(workspace, map(Path, given.folders))
        print("\n".join([*(f"loaded {run[:12]}" for run in loaded), f"{len(loaded)} runs were loaded."]))
    elif given.verb == "verify":
        count = store.verify(workspace)
        print(f"{count} bundles, the decisions, attempts, versions and moves are as they were written.")
    elif given.verb == "export":
        print(os.path.relpath(store.export_to(workspace, given.run, Path(given.to), given.format)))
    elif given.verb == "rebuild":
        print(f"the database was made anew: {store.rebuild(workspace)} runs.")
    else:
        table = store.query(workspace, given.sql)
        {"table": _table, "csv": _csv, "json": _json}[given.format](table.columns, table.rows)
    return 0


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    cells = [[_cell(value) for value in row] for row in (columns, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    shown = "".join(sign if sign.isprintable() else " " for sign in text[: CELL + 1])
    return shown if len(shown) <= CELL else shown[: CELL - 1] + "…"


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    from harness.store.export import without_formula

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(map(without_formula, columns))
    writer.writerows(map(without_formula, row) for row in rows)


def _json(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    for row in rows:
        print(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, default=str))
