"""Write the model card of a version: README.md with the metadata that the Hub reads."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import release_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("version", nargs="?", metavar="vN", help="the version (default: the newest)")
    parser.add_argument("--decision", metavar="ID", help="of this decision, which no version has to rest on")
    card_arguments(parser)
    text = "where README.md goes (default: reports/RELEASE/card)"
    parser.add_argument("--output", metavar="DIR", type=Path, help=text)


def card_arguments(parser: argparse.ArgumentParser) -> None:
    """What the Hub wants to know and release.yaml does not say."""
    parser.add_argument("--license", metavar="ID", help="the Hub's id of the adapter's licence (apache-2.0)")
    text = "a language that it is for, as ISO 639-1 (de); may be given again"
    parser.add_argument("--language", metavar="CODE", action="append", default=[], help=text)


def main(given: argparse.Namespace) -> int:
    """Write the card and print its path."""
    from harness.pipeline.card.gather import facts_of_decision, facts_of_version
    from harness.pipeline.card.write import write_card
    from harness.pipeline.decisions import find_decision
    from harness.pipeline.validate import validate
    from harness.pipeline.workspace import Workspace

    release = validate(Path(given.file))
    more = (given.license, tuple(given.language))
    if given.decision:
        decision = find_decision(release, Workspace(release.root), given.decision)
        facts = facts_of_decision(release, decision, *more)
    else:
        facts = facts_of_version(release, given.version, *more)
    print(write_card(facts, given.output or Workspace(release.root).reports(release.name) / "card"))
    return 0
