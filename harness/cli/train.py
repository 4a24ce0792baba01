"""Train the candidate's adapter with Axolotl. A run that was interrupted goes on from its last checkpoint."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def main(given: argparse.Namespace) -> int:
    """Train, and print where the adapter is."""
    from harness.cli.progress import ProgressPrinter
    from harness.pipeline.candidate import training_record, warnings_of
    from harness.pipeline.lock import locked
    from harness.pipeline.reporting.training_cost import in_words
    from harness.pipeline.training.make import candidate
    from harness.pipeline.validate import validate
    from harness.pipeline.workspace import Workspace

    release = validate(Path(given.file))
    with ProgressPrinter(given.quiet) as watch, locked(Workspace(release.root)):
        found = candidate(release, watch)
    print(f"adapter  {found.adapter}\ndigest   {found.adapter_digest}")
    if found.manifest:
        print(f"manifest {found.manifest}\nused     {in_words(training_record(found) or {}, release.prices)}")
    for sentence in warnings_of(found):
        print(f"warning  {sentence}")
    return 0
