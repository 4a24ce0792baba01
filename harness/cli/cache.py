"""Show how much the cache of answers holds, or clear it. Runs and decisions that are stored do not rest on it."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("action", nargs="?", choices=("show", "clear"), default="show", help="default: show")


def main(given: argparse.Namespace) -> int:
    """Print what the cache holds, or what was removed."""
    from harness.pipeline.lock import locked
    from harness.pipeline.workspace import Workspace
    from harness.store import cache

    workspace = Workspace(Path(given.file).resolve().parent)
    if given.action == "clear":
        with locked(workspace):
            held = cache.clear(workspace.cache)
        print(f"removed {held.entries:,} answers ({held.bytes / 1e6:.1f} MB)")
    else:
        held = cache.size(workspace.cache)
        print(f"{held.entries:,} answers, {held.bytes / 1e6:.1f} MB")
    return 0
