"""Write rows of any format (chat, instruction, prompt and response, a suite's columns; JSON Lines, CSV, Parquet) as
JSON Lines in one format that Axolotl reads. Where a row can't be read or written, nothing is."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.data_verbs._common import columns_given, counted, suite_arguments


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own options."""
    parser.add_argument("files", nargs="+", metavar="FILES", help="files with rows")
    parser.add_argument("--out", required=True, type=Path, help="the file to write (.jsonl, .jsonl.gz, .jsonl.zst)")
    kinds = "chat, alpaca, alpaca_w_system, input_output or completion (default: chat)"
    parser.add_argument("--to", default="chat", metavar="FORMAT", help=kinds)
    suite_arguments(parser)


def main(given: argparse.Namespace) -> int:
    """Print how many rows of each file were written."""
    from harness.pipeline.data.convert import convert

    done = convert([Path(file) for file in given.files], given.files, given.out, given.to, columns_given(given))
    for name, count in done.rows.items():
        print(f"{name}: {counted(count, 'row')} ({done.formats.get(name, 'unknown')})")
    print(f"{done.path}: {counted(sum(done.rows.values()), 'row')} as {done.to}")
    return 0
