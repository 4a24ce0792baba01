"""Split rows into train.jsonl, validation.jsonl and test.jsonl. A row's side is read off a hash, so a row never changes
sides when others are added behind it, or anywhere in a split made into the same folder again. Near copies stay
together.

Give the columns that must not be torn apart with --group, and --time where newer rows are to be the test."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.data_verbs._common import columns_given, counted, suite_arguments


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own options."""
    parser.add_argument("files", nargs="+", metavar="FILES", help="files with rows")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="the folder to write")
    parser.add_argument("--shares", default="80/10/10", help="train/validation/test (default: 80/10/10)")
    parser.add_argument("--by", metavar="COLUMN", help="the column of the label, which is counted on each side")
    parser.add_argument("--group", metavar="COLUMN", help="rows with the same value stay together")
    parser.add_argument("--time", metavar="COLUMN", help="the oldest rows train, the newest test")
    parser.add_argument("--salt", default="1", help="any text; another one gives another split (default: 1)")
    suite_arguments(parser)


def main(given: argparse.Namespace) -> int:
    """Print the rows of each side, then what a person should know."""
    from harness.pipeline.data.split import SplitAsked, split_files

    asked = SplitAsked(given.shares, given.by, given.group, given.time, given.salt)
    done = split_files([Path(file) for file in given.files], given.out, asked, columns_given(given))
    whole = sum(done.rows.values())
    for name, count in done.rows.items():
        print(f"{done.folder / name}.jsonl: {counted(count, 'row')} ({100 * count / max(1, whole):.1f} %)")
    if done.kept:
        print(f"{counted(done.kept, 'row')} of the earlier split stayed where they were.")
    for note in done.notes:
        print(f"note: {note}")
    return 0
