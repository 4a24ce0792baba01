"""Training data. `harness data chat SUITE ROWS` prints the rows of a task as chat rows: the suite's own prompt and the
right answer, so that the model learns from the very words it is asked with."""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    chat = verbs.add_parser("chat", help="print rows of a task as chat rows", description=__doc__)
    chat.add_argument("suite", help="the suite's file (suites/triage.yaml)")
    chat.add_argument("rows", help="JSON Lines with the columns that the suite reads, and the target")
    chat.add_argument("--task", help="the task, where the suite has several")


def main(given: argparse.Namespace) -> int:
    """Print chat rows, one JSON object a line."""
    from harness.pipeline.chat import chat_rows

    for line in chat_rows(Path(), given.suite, given.rows, given.task):
        print(line)
    return 0
