"""Compare two stored sides: every metric with its interval, and the samples, confusions and parts that changed."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from harness.cli.command import release_argument

_SIDE = "first digits of a run's id, v3 (a version), decision:1a2b (its candidate), or a role of the newest decision"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("a", metavar="A", help=_SIDE)
    parser.add_argument("b", metavar="B", help="what it is compared with, named likewise")
    parser.add_argument("--task", action="append", default=[], help="only this suite, suite.task or task; may be given "
                        "several times")  # fmt: skip
    parser.add_argument(
        "--worst", type=_count, default=5, metavar="N", help="samples shown that got worst (default: 5)"
    )
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="how to print it")


def main(given: argparse.Namespace) -> int:
    """Print what changed; whether that is good is for `harness gate` to say, so the exit code is 0."""
    from harness.pipeline.comparing.compare import compare
    from harness.pipeline.validate import validate
    from harness.report.comparing.markdown import markdown
    from harness.report.comparing.text import lines
    from harness.report.comparing.view import to_json

    compared = compare(validate(Path(given.file)), given.a, given.b, given.task, given.worst)
    if given.format == "json":
        print(json.dumps(to_json(compared), indent=1))
    elif given.format == "markdown":
        print(markdown(compared), end="")
    else:
        print("\n".join(lines(compared, min(shutil.get_terminal_size((110, 40)).columns, 130))))
    return 0


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return value
