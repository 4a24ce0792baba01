"""Do whatever is missing (train, serve, run), judge, and report. The exit code is the verdict."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.command import asking_arguments, ci_arguments, ci_files, print_record, release_argument
from harness.core.errors import HarnessError

if TYPE_CHECKING:
    from harness.pipeline.gate import Outcome
    from harness.store.signing import Signer


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")
    asking_arguments(parser)
    parser.add_argument("--sign", metavar="KEY.PEM", type=Path, help="sign the decision by an Ed25519 key")
    parser.add_argument("--no-report", action="store_true", help="write no pages; `harness report` makes them later")
    ci_arguments(parser)


def main(given: argparse.Namespace) -> int:
    """Print one screen: each gate, then the verdict; in GitHub Actions also annotations."""
    from harness.cli.progress import ProgressPrinter
    from harness.pipeline.gate import gate
    from harness.pipeline.publish import open_outlets, publish, publish_error
    from harness.pipeline.validate import vacuous_warnings, validate

    outlets = open_outlets(Path(given.file), ci_files(given), os.environ)
    outlets = outlets if _in_actions() else replace(outlets, summary=None)
    try:
        sign_by = _signer(given.sign) if given.sign else None
        release = validate(Path(given.file))
        for warning in vacuous_warnings(release):
            print(warning, file=sys.stderr)
        with ProgressPrinter(given.quiet) as watch:
            outcome = gate(release, watch, not given.no_report, not given.no_cache, sign_by, given.again)
    except HarnessError as error:
        _annotate(given, publish_error(outlets, error))
        raise
    told = publish(outlets, outcome.decision, release)
    if given.format == "json":
        print_record(outcome.decision)
    else:
        _screen(outcome)
    if outcome.unreported:
        print(f"harness gate: the decision stands without a report: {outcome.unreported} "
              "`harness report` makes it when that is mended.", file=sys.stderr)  # fmt: skip
    _annotate(given, told)
    return int(outcome.exit_code)


def _screen(outcome: Outcome) -> None:
    from harness.report.ci.github import fenced
    from harness.report.text import lines

    width = min(shutil.get_terminal_size((110, 40)).columns, 130)
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    shown = ["", *lines(outcome.decision, width, colour), *_reused(outcome, width), ""]
    for edition, path in outcome.reports.editions.items() if outcome.reports else ():
        shown.append(f"{'report' if edition == 'internal' else edition:<8} {os.path.relpath(path)}")
    shown.append(f"decision {os.path.relpath(outcome.record)}  ({outcome.decision.id[:12]})")
    print("\n".join(fenced(shown, secrets.token_hex(16)) if _in_actions() else shown))


def _reused(outcome: Outcome, width: int) -> list[str]:
    """How old the runs are that this command did not ask, below the verdict."""
    from harness.core.times import seconds_between, spelled
    from harness.report.screen import wrapped

    ages: dict[str, list[str]] = {}
    for role, suites in outcome.decision.asked.items():
        for suite, started in suites.items():
            age = seconds_between(started, outcome.began)
            if age > 0:
                ages.setdefault(spelled(age), []).append(f"{suite} · {role}")
    return [
        line
        for age, names in ages.items()
        for line in wrapped(f"asked {age} ago, and not anew (--again): {', '.join(names)}", width)
    ]


def _annotate(given: argparse.Namespace, annotations: list[str]) -> None:
    """GitHub reads both streams; standard output is the record's alone where that is asked for."""
    if _in_actions():
        for line in annotations:
            print(line, file=sys.stderr if given.format == "json" else sys.stdout, flush=True)


def _in_actions() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _signer(path: Path) -> Signer:
    """Read before anything runs, so that a wrong key costs nothing."""
    from harness.store.signing import is_exposed, signer

    found = signer(path)
    if is_exposed(path):
        print(f"{path}: others on this machine can read this private key. Run `chmod 600` on it.", file=sys.stderr)
    return found
