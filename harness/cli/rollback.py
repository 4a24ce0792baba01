"""Bring the last good version back to production, after its adapter, base model and decision were found whole.

Versions that were rolled back from are not gone back to, nor are archived ones. A router that runs switches at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.command import release_argument

if TYPE_CHECKING:
    from harness.core.versions import Version
    from harness.pipeline.registry.rollback import Rollback


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("--to", metavar="V3", help="a version that was in production (default: the last good one)")
    parser.add_argument("--note", default="", metavar="TEXT", help="why, for those who read the registry later")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--canary", action="store_true", help="withdraw the canary instead: it goes back to staging")
    what.add_argument("--rehearse", action="store_true", help="all but the move, timed and noted")
    parser.add_argument("--serve", action="store_true", help="with --rehearse: really serve the version and ask it")


def main(given: argparse.Namespace) -> int:
    """Print what was done; exit code 2 where a rehearsal found something in the way."""
    from harness.core.errors import ConfigError
    from harness.pipeline.registry.rollback import rehearse, rollback, withdraw

    file = Path(given.file)
    if given.serve and not given.rehearse:
        raise ConfigError("--serve is a part of a rehearsal: add --rehearse.")
    if given.canary:
        if given.to:
            raise ConfigError("--canary withdraws the canary to staging, so it takes no --to.")
        gone = withdraw(file, given.note)
        print(f"version {gone.number} of {gone.release} is no canary any more: it is in staging.")
        return 0
    if given.rehearse:
        return _rehearsed(rehearse(file, given.to, _server(file) if given.serve else None))
    done = rollback(file, given.to, given.note)
    left = f" version {done.before.number} is archived." if done.before else ""
    print(f"version {done.version.number} of {done.version.release} is in production again.{left}")
    print(f"verified first: {_steps(done)}")
    return 0


def _rehearsed(done: Rollback) -> int:
    now = done.before.name if done.before else "nothing"
    print(f"a rollback would bring version {done.version.number} to production, where {now} is: {_steps(done)}")
    for problem in done.trouble:
        print(f"in the way: {problem}")
    print("nothing was moved; the rehearsal is noted.")
    return 2 if done.trouble else 0


def _steps(done: Rollback) -> str:
    steps = ", ".join(f"{name} {seconds:.3f} s" for name, seconds in done.seconds.items())
    return f"{steps}; {sum(done.seconds.values()):.3f} s in all"


def _server(file: Path) -> Callable[[Version], str]:
    from harness.pipeline.registry.serving import proven
    from harness.pipeline.validate import validate

    release = validate(file)
    return lambda version: proven(release, version)
