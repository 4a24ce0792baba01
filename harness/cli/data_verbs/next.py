"""Choose the unlabelled rows that are worth a label next, from a stored run: those that the model was unsure of or that
are like samples it fails on, spread over what there is, wrong classes first. Writes a labelling file as JSON Lines, and
as CSV beside it; `harness data merge` takes either back."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import release_argument
from harness.cli.data_verbs._common import counted


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own options."""
    release_argument(parser)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILES", help="unlabelled rows")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE.jsonl", help="the labelling file, a new one")
    parser.add_argument("--count", type=int, default=100, help="how many rows to choose (default: 100)")
    parser.add_argument("--task", metavar="SUITE.TASK", help="the task, where the release has several")
    run = "the run that tells, as `harness compare` names it (default: candidate)"
    parser.add_argument("--run", default="candidate", help=run)
    pool = "the rows are the task's own samples, so the run tells of each by itself"
    parser.add_argument("--pool", action="store_true", help=pool)


def main(given: argparse.Namespace) -> int:
    """Print where the labelling file is."""
    from harness.pipeline.data.labelling import write_labelling
    from harness.pipeline.data.next import next_rows
    from harness.pipeline.validate import validate

    release = validate(Path(given.file))
    chosen = next_rows(release, given.files, given.count, task=given.task, run=given.run, pool=given.pool)
    rows, table = write_labelling(chosen, given.out)
    for note in chosen.notes:
        print(f"note: {note}")
    print(f"{rows}: {counted(len(chosen.rows), 'row')} of {chosen.task} to label, by run {chosen.run[:12]}")
    print(f"{table}: the same for a spreadsheet")
    return 0
