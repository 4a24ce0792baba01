"""Write the Kubernetes manifests of the versions in production and canary, or bring the cluster to them.

Needs `serve: {kubernetes: …}`. Without --apply and --undo nothing is sent to the cluster.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("--candidate", action="store_true", help="with the candidate's adapter alone")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write them there instead of printing them")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--apply", action="store_true", help="apply production's by kubectl, and wait for the rollout")
    what.add_argument("--undo", action="store_true", help="roll the Deployment back to its revision before")


def main(given: argparse.Namespace) -> int:
    """Print the YAML, or what was done on the cluster."""
    from harness.core.errors import ConfigError, OutsideError
    from harness.pipeline.lock import locked
    from harness.pipeline.manifests import deploy, manifests, undo
    from harness.pipeline.validate import validate
    from harness.pipeline.workspace import Workspace

    release = validate(Path(given.file))
    if given.candidate and (given.apply or given.undo):
        raise ConfigError("--candidate only writes: what goes to production's Deployment was promoted before.")
    if given.apply or given.undo:
        with locked(Workspace(release.root)):
            name = deploy(release) if given.apply else undo(release)
        print(f"deployment/{name}: {'rolled out' if given.apply else 'rolled back to the revision before'}")
        return 0
    text = manifests(release, given.candidate)
    if given.output is None:
        print(text, end="")
        return 0
    try:
        given.output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutsideError(f"cannot write {given.output}: {error.strerror}.") from None
    print(f"written: {given.output}")
    return 0
