"""Take rows that came back with labels into the training rows, as a new file; nothing is overwritten. Each new row
keeps where it came from: its source, who labelled it and when, and the run that chose it.

Ends with 2 where labels contradict each other or rows that are taught already; the others are written all the same."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.cli.command import release_argument
from harness.cli.data_verbs._common import counted


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own options."""
    release_argument(parser)
    parser.add_argument("labels", nargs="+", type=Path, metavar="LABELS", help="files that came back (.jsonl or .csv)")
    parser.add_argument("--labelling", required=True, type=Path, metavar="FILE.jsonl", help="what `data next` wrote")
    parser.add_argument("--into", type=Path, metavar="FILE.jsonl", help="training rows to add to")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE.jsonl", help="the file to write, a new one")
    parser.add_argument("--annotator", default="", help="who labelled, where the rows name nobody")
    parser.add_argument("--date", default="", help="when, where the rows don't say (2026-01-31)")


def main(given: argparse.Namespace) -> int:
    """Print what was added, and the conflicts."""
    from harness.core.errors import ExitCode
    from harness.pipeline.data.given import readable_release
    from harness.pipeline.data.merge import MergeAsked, merge_rows

    asked = MergeAsked(given.labels, given.labelling, given.out, given.into, given.annotator, given.date)
    done = merge_rows(readable_release(Path(given.file)), asked)
    for conflict in done.conflicts:
        print(conflict, file=sys.stderr)
    told = f"{done.added:,} added, {done.known:,} known before, {counted(len(done.conflicts), 'conflict')}"
    print(f"{done.file}: {counted(done.rows, 'row')} ({told})")
    return int(ExitCode.CONFIG if done.conflicts else ExitCode.PASS)
