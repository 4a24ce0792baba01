"""Do whatever is missing (train, serve, run), judge, and report. The exit code is the verdict."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.command import release_argument

if TYPE_CHECKING:
    from harness.store.signing import Signer


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")
    parser.add_argument("--no-cache", action="store_true", help="ask every sample, and keep no answer for other runs")
    parser.add_argument("--sign", metavar="KEY.PEM", type=Path, help="sign the decision by an Ed25519 key")
    parser.add_argument("--no-report", action="store_true", help="write no HTML")


def main(given: argparse.Namespace) -> int:
    """Print one screen: each gate, then the verdict."""
    from harness.cli.progress import ProgressPrinter
    from harness.pipeline.gate import gate
    from harness.pipeline.validate import validate
    from harness.report.text import lines

    sign_by = _signer(given.sign) if given.sign else None
    release = validate(Path(given.file))
    with ProgressPrinter(given.quiet) as watch:
        outcome = gate(release, watch, report=not given.no_report, cached=not given.no_cache, sign_by=sign_by)
    width = min(shutil.get_terminal_size((110, 40)).columns, 130)
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    print("\n".join(["", *lines(outcome.decision, width, colour), ""]))
    if outcome.report:
        print(f"report   {os.path.relpath(outcome.report)}")
    print(f"decision {os.path.relpath(outcome.record)}  ({outcome.decision.id[:12]})")
    return int(outcome.exit_code)


def _signer(path: Path) -> Signer:
    """Read before anything runs, so that a wrong key costs nothing."""
    from harness.store.signing import is_exposed, signer

    found = signer(path)
    if is_exposed(path):
        print(f"{path}: others on this machine can read this private key. Run `chmod 600` on it.", file=sys.stderr)
    return found
