"""Train every experiment of release.yaml, ask each on the validation suites, and show them side by side.

The best one is the candidate of `harness run` and `harness gate`. What is done already is not done again; interrupted
or killed, the same command goes on from the last checkpoint and the last answer. A page with the losses of every
training is written to reports/<release>/experiments.html.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")
    parser.add_argument("--json", action="store_true", help="print the table as JSON")


def main(given: argparse.Namespace) -> int:
    """Print the table; which training goes on is no verdict, so the exit code is 0."""
    from harness.cli.progress import ProgressPrinter
    from harness.core.errors import ConfigError, Problem
    from harness.pipeline.lock import locked
    from harness.pipeline.needs import check_needs
    from harness.pipeline.training.shown import experiments
    from harness.pipeline.validate import validate
    from harness.pipeline.workspace import Workspace
    from harness.report.experiments.text import lines
    from harness.report.experiments.view import to_json

    release = validate(Path(given.file))
    if release.experiments is None:
        hint = "Add the key 'experiments', or use `harness train`."
        raise ConfigError(Problem("no experiments are declared.", file=release.file, hint=hint))
    check_needs(release)
    with ProgressPrinter(given.quiet) as watch, locked(Workspace(release.root)):
        found, page = experiments(release, watch)
    if given.json:
        print(json.dumps(to_json(found), indent=1))
        return 0
    print("\n".join(lines(found, min(shutil.get_terminal_size((120, 40)).columns, 160))))
    print(f"page: {page}")
    return 0
