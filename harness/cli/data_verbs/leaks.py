"""List the samples of suites that stand in training rows, pair by pair: word by word, with other case or spaces,
nearly, or as a part of a row. Without FILES: the training and validation rows of release.yaml. Few-shot
examples and prompts are looked at, too.

Ends with 2 where more samples leaked than policy.max_leaked allows (0 without a release)."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.command import release_argument
from harness.cli.data_verbs._common import counted, format_argument, quiet_argument, release_given

if TYPE_CHECKING:
    from harness.core.releases import Release
    from harness.data.contamination import Hit


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own options."""
    release_argument(parser)
    parser.add_argument("files", nargs="*", metavar="FILES", help="files with rows that a model is taught")
    help_text = "look for the samples of this suite, not of the release's; may be given several times"
    parser.add_argument("--suite", metavar="FILE", action="append", default=[], help=help_text)
    format_argument(parser)
    quiet_argument(parser)


def main(given: argparse.Namespace) -> int:
    """Print each pair, and a summary as the last line."""
    from dataclasses import asdict

    from harness.cli.progress import ProgressPrinter
    from harness.core.errors import ConfigError, ExitCode
    from harness.core.events import Event
    from harness.data.contamination import leaked
    from harness.pipeline.data.given import named_suite, taught_files
    from harness.pipeline.data.leaks import look

    release = release_given(given)
    if release is None and not (given.files and given.suite):
        raise ConfigError(f"there is no {given.file} here: name FILES and --suite.")
    files = _files(given.files) if given.files or release is None else taught_files(release)
    suites = [named_suite(Path(), name) for name in given.suite] or (release.suites if release else ())
    with ProgressPrinter(given.quiet) as watch:
        watch(Event("leaks", "begin", ", ".join(name for _, name in files)))
        found = look([path for path, _ in files], [name for _, name in files], suites, shown=True)
        watch(Event("leaks", "done", counted(len(found), "pair")))
    samples = sum(map(len, leaked(found).values()))
    if given.format == "json":
        print(json.dumps({"samples": samples, "allowed": _allowed(release), "hits": [asdict(hit) for hit in found]}))
    else:
        print("\n".join([*map(_line, found), _summary(found, samples, release)]))
    return int(ExitCode.CONFIG if samples > _allowed(release) else ExitCode.PASS)


def _files(names: Sequence[str]) -> list[tuple[Path, str]]:
    return [(Path(name), name) for name in names]


def _allowed(release: Release | None) -> int:
    return release.policy.max_leaked if release else 0


def _line(hit: Hit) -> str:
    from harness.report.guard import label

    note = "" if hit.source == "sample" else " (no leak: examples may be taught)"
    return label(str(hit), 500) + note


def _summary(found: Sequence[Hit], samples: int, release: Release | None) -> str:
    if not samples:
        return "no sample was found in what is taught."
    kinds = Counter(hit.kind for hit in found if hit.source == "sample")
    by_kind = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
    said = "sample leaked" if samples == 1 else "samples leaked"
    return f"{samples:,} {said} ({by_kind}); policy.max_leaked allows {_allowed(release):,}."
