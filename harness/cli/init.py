"""Write a starter project for a task kind: commented, small, and running as it stands."""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    from harness.pipeline.init import KINDS

    parser.add_argument("kind", choices=KINDS, help="what the model is to do")
    parser.add_argument("folder", nargs="?", default=".", help="where to write (default: here)")


def main(given: argparse.Namespace) -> int:
    """Print what was written and what to do next."""
    from harness.pipeline.init import init

    for name in init(given.kind, Path(given.folder)):
        print(name)
    there = "" if given.folder == "." else f"cd {given.folder} && "
    print(f"\nNext: {there}harness validate, then harness gate. Put your own rows into data/, then run it again.")
    return 0
