"""Check that a decision's record was not edited, and that its verdicts follow from the stored runs. Exit 2 if not."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("record", metavar="DECISION.JSON", type=Path, help="the record, as `harness gate` wrote it")
    parser.add_argument("--bundles", metavar="DIR", type=Path, help="a folder of bundles, in the place of the store")
    parser.add_argument("--key", metavar="PUB.PEM", type=Path, help="the record must be signed; the public key")
    release_argument(parser)


def main(given: argparse.Namespace) -> int:
    """Print what was found; differences are problems."""
    from harness.pipeline.verifying.verify import verify

    decision = verify(given.record, Path(given.file), given.bundles, given.key)
    count = sum(map(len, decision.runs.values()))
    recorded = given.bundles and any(result.gate.is_check for result in decision.results)
    signed = ", and is signed with this key" if given.key else ""
    print(f"decision {decision.id[:12]} of {decision.release}, {decision.verdict}: it is as it was written, "
          f"follows from its {count} runs{signed}.")  # fmt: skip
    if recorded:
        print("Its checks in Python are as recorded: they are made again only where the store is, without --bundles.")
    return 0
