"""Show which policy each stage requires, or change it.

A stage requires the policy of its first promotion. `--to STAGE --because TEXT` makes it require the policy that
release.yaml declares now: a line of the registry with who, when and why, and no promotion.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("--to", metavar="STAGE", help="let this stage require the policy of release.yaml")
    parser.add_argument("--because", default="", metavar="TEXT", help="why; needed with --to")


def main(given: argparse.Namespace) -> int:
    """Print the policy of each stage with its history, or the change."""
    from harness.core.errors import ConfigError
    from harness.pipeline.registry.policies import change_policy, policies_of
    from harness.pipeline.validate import validate

    file = Path(given.file)
    if given.to is not None:
        change = change_policy(validate(file), given.to, given.because)
        print(f"{change.stage} of {change.release} now requires policy {change.policy[:12]} ({change.file}); "
              f"before: {(change.before or '')[:12]}.")  # fmt: skip
        return 0
    if given.because:
        raise ConfigError("--because goes with --to STAGE.")
    known = policies_of(file)
    for stage in dict.fromkeys(line.stage for line in known.policies):
        print(f"{stage}")
        for line in (line for line in known.policies if line.stage == stage):
            print(f"  {line.time}  {line.policy[:12]}  {line.file}{f'  by {line.by}' if line.by else ''}: {line.note}")
    if not known.policies:
        print("no stage requires a policy yet: the first promotion to it decides which it is.")
    return 0
