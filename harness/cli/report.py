"""Render the report of a stored decision again, from the store alone."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("decision", nargs="?", help="first digits of a decision's id (default: the newest)")


def main(given: argparse.Namespace) -> int:
    """Print where the report is."""
    from harness.pipeline.report import report_again
    from harness.pipeline.validate import validate

    decision, path = report_again(validate(Path(given.file)), given.decision)
    print(f"{decision.verdict} {decision.id[:12]} ({decision.decided})\n{os.path.relpath(path)}")
    return 0
