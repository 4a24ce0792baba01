"""Run the suites against candidate and baselines, and store the outputs and scores. Nothing is judged.

Interrupted or killed, the same command goes on after the last finished sample.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import asking_arguments, release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")
    asking_arguments(parser)


def main(given: argparse.Namespace) -> int:
    """Print how the samples of each run ended, and which answers are not whole."""
    from harness.cli.progress import ProgressPrinter
    from harness.pipeline.endings import not_whole
    from harness.pipeline.lock import locked
    from harness.pipeline.needs import check_needs
    from harness.pipeline.running.reruns import suites_to_rerun
    from harness.pipeline.running.runs import do_runs, plan_runs, runs_of
    from harness.pipeline.training.make import candidate
    from harness.pipeline.validate import validate
    from harness.pipeline.workspace import Workspace

    release = validate(Path(given.file))
    check_needs(release)
    with ProgressPrinter(given.quiet) as watch, locked(Workspace(release.root)):
        found = candidate(release, watch)
        plan = plan_runs(release, found, again=suites_to_rerun(release, given.again))
        do_runs(release, found, plan, watch, cached=not given.no_cache)
    runs = list(runs_of(release, plan))
    told = not_whole(release, {run.id: run for _, run in runs}.values())
    for role, run in runs:
        c = run.counts
        print(f"{role:<12} {run.suite:<14} {run.id[:12]}  scored {c.scored}, model failed {c.model_failed}, "
              f"not evaluated {c.not_evaluated}")  # fmt: skip
        for line in told[run.id]:
            print(f"{'':<12} {line}")
        for name, value in run.figures.items():
            print(f"{'':<12} {name.replace('.', ' ').replace('_', ' '):<40} {value:,.3g}")
    return 0
