"""Render the report of a stored decision again, out of what is stored: as HTML, and as PDF where that is asked for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.cli.command import ci_arguments, ci_files, print_record, release_argument

_EDITIONS = {"internal": ("internal",), "client": ("client",), "both": ("internal", "client")}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("decision", nargs="?", help="first digits of a decision's id (default: the newest)")
    parser.add_argument("--edition", choices=tuple(_EDITIONS), default="both", help="which to render (default: both)")
    browser = "print them to PDF, too, by the Chromium or Chrome on PATH or in HARNESS_BROWSER"
    parser.add_argument("--pdf", action="store_true", help=browser)
    parser.add_argument("--open", action="store_true", help="open the first page, or its PDF, in your browser")
    ci_arguments(parser)


def main(given: argparse.Namespace) -> int:
    """Print where the pages are."""
    from harness.core.errors import HarnessError
    from harness.pipeline.pdf import find_browser, print_pdf
    from harness.pipeline.publish import open_outlets, publish, publish_error
    from harness.pipeline.report import report_again
    from harness.pipeline.validate import validate

    outlets = replace(open_outlets(Path(given.file), ci_files(given), os.environ), summary=None)
    try:
        browser = find_browser(os.environ) if given.pdf else None
        release = validate(Path(given.file))
        decision, reports = report_again(release, given.decision, _EDITIONS[given.edition])
        pages = list(reports.editions.values())
        shown = [print_pdf(page, browser) for page in pages] if browser else pages
    except HarnessError as error:
        publish_error(outlets, error)
        raise
    publish(outlets, decision, release)
    if given.format == "json":
        print_record(decision)
    else:
        _tell(f"{decision.verdict} {decision.id[:12]} ({decision.decided})", [*pages, *(shown if browser else [])])
    if given.open:
        _open(shown[0])
    return 0


def _tell(head: str, paths: Sequence[Path]) -> None:
    print("\n".join([head, *(os.path.relpath(path) for path in paths)]))


def _open(path: Path) -> None:
    """In the browser that this user has, where there is one: on a server there is none, and that is no mistake."""
    import webbrowser

    if not webbrowser.open(path.resolve().as_uri()):
        print(f"no browser could be started here; the page is {os.path.relpath(path)}", file=sys.stderr)
