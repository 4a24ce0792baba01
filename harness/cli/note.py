"""Add a note to a version. It moves nothing; `harness show` tells it."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("version", metavar="V3", help="the version")
    parser.add_argument("text", help="the note")


def main(given: argparse.Namespace) -> int:
    """Print where it went."""
    from harness.pipeline.registry.notes import note

    added = note(Path(given.file), given.version, given.text)
    print(f"noted on version {added.version} of {added.release}.")
    return 0
