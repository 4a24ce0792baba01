"""Bring a version to a stage: the very adapter that a PASS was given to, which `harness verify` gives again.

Stages are dev, staging, canary, production; any of them may be skipped, as the decision is what allows it. Versions are
archived by `harness archive`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.command import release_argument, share

if TYPE_CHECKING:
    from harness.core.releases import Release
    from harness.core.versions import Version
    from harness.pipeline.candidate import Candidate


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("--to", required=True, metavar="STAGE", help="dev, staging, canary or production")
    parser.add_argument("--decision", help="first digits of the decision's id (default: the newest)")
    parser.add_argument("--version", metavar="V3", help="a version that there is, in the place of the candidate")
    parser.add_argument("--share", type=share, help="the canary's share of the traffic (default: the release's first)")
    parser.add_argument("--note", default="", metavar="TEXT", help="why, for those who read the registry later")
    parser.add_argument("--key", metavar="PUB.PEM", type=Path, help="the decision must be signed; the public key")


def main(given: argparse.Namespace) -> int:
    """Print the version."""
    from harness.pipeline.promote import Asked, promote
    from harness.pipeline.registry.read import named_stage
    from harness.pipeline.validate import validate

    named_stage(given.to)
    release = validate(Path(given.file))
    asked = Asked(given.to, given.decision, given.version, given.share, given.note, given.key)
    done = promote(release, asked, lambda version: _found(release, version))
    where = f"is in {done.stage}" if done.moved else f"is in {done.stage} already"
    print(f"version {done.version.number} of {release.name} {where}: adapter {done.version.adapter_digest[:12]}, "
          f"by decision {done.decision.id[:12]}")  # fmt: skip
    if done.before:
        print(f"version {done.before.number} was there before; it is archived.")
    return 0


def _found(release: Release, version: Version | None) -> Candidate:
    """The release's candidate, or a version, as it lies on this disk; nothing is fetched or trained."""
    from harness.pipeline.candidate import on_disk
    from harness.pipeline.registry.project import as_it_lies
    from harness.pipeline.workspace import Workspace

    if version is None:
        return on_disk(release)
    return as_it_lies(Workspace(release.root), version, release.candidate.base_model, release.home)
