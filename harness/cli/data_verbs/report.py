"""Report on a release's data: rows, balance, lengths against the context, copies, leaked samples, and how far training,
validation, test and (where given) production lie apart. Prints it, or writes the page reports/<release>/data.html."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from harness.cli.command import release_argument
from harness.cli.data_verbs._common import counted, quiet_argument, width


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own options."""
    release_argument(parser)
    parser.add_argument("--production", type=Path, metavar="FILE", help="rows from production, with or without answers")
    whose = "the task that they are of, where their system prompt does not tell"
    parser.add_argument("--task", metavar="SUITE.TASK", help=whose)
    parser.add_argument("--format", choices=("text", "html"), default="text", help="how to show it (default: text)")
    quiet_argument(parser)


def main(given: argparse.Namespace) -> int:
    """Print the report, or where its page is."""
    from harness.cli.progress import ProgressPrinter
    from harness.core.events import Event
    from harness.pipeline.data.given import readable_release
    from harness.pipeline.data.report import data_report, write_data_report
    from harness.report.data.text import lines
    from harness.report.data.view import build_data_report

    release = readable_release(Path(given.file))
    with ProgressPrinter(given.quiet) as watch:
        watch(Event("data report", "begin", release.name))
        found = data_report(release, given.production, given.task)
        watch(Event("data report", "done", counted(sum(one.rows for one in found.sets), "row")))
    if given.format == "html":
        print(os.path.relpath(write_data_report(release, found)))
    else:
        print("\n".join(lines(build_data_report(found), width())))
    return 0
