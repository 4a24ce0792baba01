"""`harness data chat SUITE ROWS` prints the rows of a task as chat rows: the suite's own prompt and the right answer,
so that the model learns from the very words it is asked with."""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own options."""
    parser.add_argument("suite", help="the suite's file (suites/triage.yaml)")
    parser.add_argument("rows", help="JSON Lines with the columns that the suite reads, and the target")
    parser.add_argument("--task", help="the task, where the suite has several")


def main(given: argparse.Namespace) -> int:
    """Print chat rows, one JSON object a line."""
    from harness.pipeline.chat import chat_rows

    for line in chat_rows(Path(), given.suite, given.rows, given.task):
        print(line)
    return 0
