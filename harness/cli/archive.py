"""Archive a version: no rollback goes back to it. Its adapter and its record stay. Production is never archived."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("version", metavar="V3", help="the version")
    parser.add_argument("--note", default="", metavar="TEXT", help="why, for those who read the registry later")


def main(given: argparse.Namespace) -> int:
    """Print that it is archived."""
    from harness.pipeline.registry.notes import archive

    done = archive(Path(given.file), given.version, given.note)
    print(f"version {done.version} of {done.release} is archived.")
    return 0
