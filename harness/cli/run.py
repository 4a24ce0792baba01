"""Run the suites against candidate and baselines, and store the outputs and scores. Nothing is judged."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def main(given: argparse.Namespace) -> int:
    """Print how the samples of each run ended."""
    from harness.cli.progress import ProgressPrinter
    from harness.pipeline.candidate import candidate
    from harness.pipeline.lock import locked
    from harness.pipeline.needs import check_needs
    from harness.pipeline.runs import do_runs, plan_runs, stored
    from harness.pipeline.validate import validate
    from harness.pipeline.workspace import Workspace

    release = validate(Path(given.file))
    check_needs(release)
    with ProgressPrinter(given.quiet) as watch, locked(Workspace(release.root)):
        found = candidate(release, watch)
        planned = plan_runs(release, found)
        do_runs(release, found, planned, watch)
        material = stored(release, planned)
    for role, suites in material.items():
        for suite, judged in suites.items():
            c = judged.run.counts
            print(f"{role:<12} {suite:<14} {judged.run.id[:12]}  scored {c.scored}, model failed {c.model_failed}, "
                  f"not evaluated {c.not_evaluated}")  # fmt: skip
    return 0
