"""What several verbs share: the options that name files, a suite or a release, and lines for a terminal."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.core.releases import Release
    from harness.data.formats import Columns

FORMATS = ("text", "json")


def suite_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that say whose rows these are."""
    parser.add_argument("--suite", metavar="FILE", help="rows as this suite has them: its columns, prompt and labels")
    parser.add_argument("--task", help="the task of it, where it has several")


def format_argument(parser: argparse.ArgumentParser) -> None:
    """How to print what was found."""
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print it (default: text)")


def quiet_argument(parser: argparse.ArgumentParser) -> None:
    """For work that takes a while."""
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def columns_given(given: argparse.Namespace) -> Columns | None:
    """The columns of --suite and --task; None where neither is given. Raises ConfigError."""
    from harness.data.formats import columns_of
    from harness.pipeline.data.given import named_task

    return columns_of(named_task(Path(), given.suite, given.task)) if given.suite or given.task else None


def release_given(given: argparse.Namespace) -> Release | None:
    """The release where its file is there. Raises ConfigError where it can't be read."""
    from harness.pipeline.data.given import readable_release

    return readable_release(Path(given.file)) if Path(given.file).is_file() else None


def width() -> int:
    """Columns of a line."""
    return min(shutil.get_terminal_size((110, 40)).columns, 130)


def block(mark: str, texts: Iterable[str], columns: int) -> list[str]:
    """Texts beside a mark in the margin, each from a line of its own."""
    from harness.report.guard import label
    from harness.report.screen import wrapped

    found: list[str] = []
    for text in texts:
        first = f"{mark:<14}" if not found else " " * 14
        found += wrapped(label(text, 2_000), columns, first, " " * 14)
    return found


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: "1 row", "2,000 rows"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
