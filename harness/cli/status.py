"""List the runs, decisions and versions of a release."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)


def main(given: argparse.Namespace) -> int:
    """Print three lists."""
    from harness.pipeline.status import status
    from harness.pipeline.validate import validate

    found = status(validate(Path(given.file)))
    print(f"runs ({len(found.runs)}{f', {found.interrupted} interrupted' if found.interrupted else ''})")
    for run in found.runs:
        c = run.counts
        print(f"  {run.id[:12]}  {run.suite:<14} {run.model.role:<12} {run.started}  {run.seconds:>7.1f} s  "
              f"scored {c.scored}, model failed {c.model_failed}, not evaluated {c.not_evaluated}")  # fmt: skip
    print(f"decisions ({len(found.decisions)})")
    for decision in found.decisions:
        print(f"  {decision.id[:12]}  {decision.verdict:<12} {decision.decided}")
    known = found.registry
    print(f"versions ({len(known.versions)})")
    for version in reversed(known.versions):
        print(f"  v{version.number:<4} {known.stage_of(version.number):<11} adapter {version.adapter_digest[:12]}  "
              f"decision {version.decision[:12]}  {version.created}")  # fmt: skip
    if found.undeployed:
        print(f"  {found.undeployed}")
    return 0
