"""Merge base and adapter into one model, and check that it answers as the adapter does.

`serve: {merged: true}` does so by itself; this makes the folder to serve elsewhere. What is there already is only told.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def main(given: argparse.Namespace) -> int:
    """Print where the merged model is, its digest, and how near it is to the adapter."""
    from harness.cli.progress import ProgressPrinter
    from harness.pipeline.lock import locked
    from harness.pipeline.needs import MERGE, refuse_missing
    from harness.pipeline.running.merging import in_words, merge
    from harness.pipeline.training.make import candidate
    from harness.pipeline.validate import validate
    from harness.pipeline.workspace import Workspace

    release = validate(Path(given.file))
    refuse_missing(MERGE)
    with ProgressPrinter(given.quiet) as watch, locked(Workspace(release.root)):
        found = merge(release, candidate(release, watch), watch)
    print(f"merged   {found.folder}\ndigest   {found.digest}\nagrees   {in_words(found.agreement)}")
    return 0
