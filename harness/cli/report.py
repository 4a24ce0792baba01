"""Render the report of a stored decision again, from the store alone."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

from harness.cli.command import ci_arguments, ci_files, print_record, release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("decision", nargs="?", help="first digits of a decision's id (default: the newest)")
    ci_arguments(parser)


def main(given: argparse.Namespace) -> int:
    """Print where the report is."""
    from harness.core.errors import HarnessError
    from harness.pipeline.publish import open_outlets, publish, publish_error
    from harness.pipeline.report import report_again
    from harness.pipeline.validate import validate

    outlets = replace(open_outlets(Path(given.file), ci_files(given), os.environ), summary=None)
    try:
        release = validate(Path(given.file))
        decision, path = report_again(release, given.decision)
    except HarnessError as error:
        publish_error(outlets, error)
        raise
    publish(outlets, decision, release)
    if given.format == "json":
        print_record(decision)
    else:
        print(f"{decision.verdict} {decision.id[:12]} ({decision.decided})\n{os.path.relpath(path)}")
    return 0
