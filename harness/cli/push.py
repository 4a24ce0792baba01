"""Push a version to the Hub or to MLflow's registry. Only one that passed its gate goes, with its model card."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.card import card_arguments
from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("version", metavar="vN", help="the version")
    text = "hub:org/name (HF_TOKEN holds the key), or mlflow:http://server (MLFLOW_TRACKING_* do)"
    parser.add_argument("--to", required=True, metavar="WHERE", help=text)
    parser.add_argument("--public", action="store_true", help="a repository that all can read (default: private)")
    card_arguments(parser)


def main(given: argparse.Namespace) -> int:
    """Push, and print where it is."""
    from harness.pipeline.card.gather import facts_of_version
    from harness.pipeline.card.push import push
    from harness.pipeline.validate import validate

    release = validate(Path(given.file))
    facts = facts_of_version(release, given.version, given.license, tuple(given.language))
    print(push(release, facts, given.to, private=not given.public))
    return 0
