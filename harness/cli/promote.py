"""Record the candidate as a version, at a stage. Only the very adapter that a stored PASS was given to is promoted."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    from harness.pipeline.promote import STAGES

    release_argument(parser)
    parser.add_argument("--to", required=True, choices=STAGES, help="the stage that the version reaches")
    parser.add_argument("--key", metavar="PUB.PEM", type=Path, help="the decision must be signed; the public key")
    parser.add_argument("--decision", help="first digits of the decision's id (default: the newest)")


def main(given: argparse.Namespace) -> int:
    """Print the version."""
    from harness.cli.progress import ProgressPrinter
    from harness.core.errors import ConfigError
    from harness.pipeline.candidate import candidate, is_trained
    from harness.pipeline.promote import promote
    from harness.pipeline.validate import validate

    release = validate(Path(given.file))
    if not is_trained(release):
        raise ConfigError("the candidate's adapter was not trained yet: run `harness gate` first.")
    with ProgressPrinter(quiet=True) as watch:
        found = candidate(release, watch)
    done = promote(release, given.to, given.decision, found, given.key)
    print(f"version {done.version} of {release.name} is in {done.stage}: adapter {found.adapter_digest[:12]}, "
          f"by decision {done.decision.id[:12]}")  # fmt: skip
    return 0
