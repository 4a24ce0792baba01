"""List the versions of a release, newest first: where they stand, by which decision, and their main metrics."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.command import release_argument

if TYPE_CHECKING:
    from harness.pipeline.registry.show import Shown

METRICS = 3


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("--json", action="store_true", help="print everything that is known of each, as JSON")


def main(given: argparse.Namespace) -> int:
    """Print a line for each version."""
    from harness.pipeline.registry.show import listed

    found = listed(Path(given.file))
    if given.json:
        print(json.dumps([one.as_json() for one in found.versions], indent=1, sort_keys=True))
        return 0
    if not found.versions:
        print(f"{found.release} has no versions yet: `harness promote` makes one of a decision that is a PASS.")
    else:
        print(f"{'':<5} {'stage':<13} {'adapter':<12}  {'decision':<12}  {'verdict':<12}  {'created':<25}  parent  "
              "metrics")  # fmt: skip
    for one in found.versions:
        print(_line(one))
    if found.undeployed:
        print(found.undeployed)
    return 0


def _line(one: Shown) -> str:
    version = one.version
    stage = f"{one.stage} {one.share:.0%}" if one.share else one.stage
    parent = f"v{version.parent}" if version.parent else "-"
    verdict = str(one.decision.verdict) if one.decision else "record gone"
    looked = f"  canary: {one.canary[-1]['outcome']}" if one.canary and one.stage == "canary" else ""
    told = [row for row in one.as_json()["metrics"] if row["value"] is not None]
    values = {row["metric"]: f"{row['metric']} {row['value']:.3g}" for row in told}
    return (f"{version.name:<5} {stage:<13} {version.adapter_digest[:12]}  {version.decision[:12]}  {verdict:<12}  "
            f"{version.created:<25}  {parent:<6}  {', '.join(list(values.values())[:METRICS])}{looked}")  # fmt: skip
