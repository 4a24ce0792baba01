"""Look through training rows for what spoils a model: copies, contradictions, wrong labels, cut or endless rows, mixed
formats, broken characters, personal data. Without FILES: the training and validation rows of release.yaml.

Ends with 2 where something must be mended before training, else with 0."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.command import release_argument
from harness.cli.data_verbs._common import (
    block,
    counted,
    format_argument,
    quiet_argument,
    release_given,
    suite_arguments,
    width,
)

if TYPE_CHECKING:
    from harness.data.check import Checked
    from harness.data.findings import DataFinding
    from harness.data.fix import Fixed
    from harness.pipeline.data.check import Asked

_PLACES = 6
_ALIKE = 20  # findings that differ in their rows alone, shown one by one


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own options."""
    release_argument(parser)
    parser.add_argument("files", nargs="*", metavar="FILES", help="JSON Lines, CSV or Parquet (.gz and .zst, too)")
    suite_arguments(parser)
    parser.add_argument("--only", metavar="NAMES", help="only these checks, separated by commas")
    rules = "rules of your own rows: a pandera schema (schema.py:ROWS), or columns in YAML (columns.yaml)"
    parser.add_argument("--schema", metavar="FILE", help=rules)
    parser.add_argument("--fix", metavar="OUT", type=Path, help="write a cleaned copy and a log to this new folder")
    format_argument(parser)
    quiet_argument(parser)


def main(given: argparse.Namespace) -> int:
    """Print the findings, the gravest first, and a summary as the last line."""
    from harness.cli.progress import ProgressPrinter
    from harness.core.errors import ExitCode
    from harness.core.events import Event
    from harness.pipeline.data.check import check_data

    asked = _asked(given)
    names = [name.strip() for name in given.only.split(",") if name.strip()] if given.only else None
    with ProgressPrinter(given.quiet) as watch:
        watch(Event("check", "begin", ", ".join(asked.shown_as)))
        checked, fixed = check_data(asked, names, given.fix, watch)
        watch(Event("check", "done", counted(checked.rows, "row")))
    if given.format == "json":
        print(json.dumps(record(checked, fixed), indent=1))
    else:
        print("\n".join([*lines(checked, width()), *_fixed(fixed)]))
    return int(ExitCode.CONFIG if checked.has_errors else ExitCode.PASS)


def _asked(given: argparse.Namespace) -> Asked:
    from harness.core.errors import ConfigError
    from harness.pipeline.data.check import of_files, of_release
    from harness.pipeline.data.given import named_suite, schema_given

    release = release_given(given)
    if given.files:
        suite = named_suite(Path(), given.suite) if given.suite else None
        return of_files(given.files, suite, given.task, release, schema_given(given.schema))
    if given.suite or given.task:
        raise ConfigError("--suite and --task say what FILES hold: name the files, too.")
    if release is None:
        raise ConfigError(f"there is no {given.file} here: name the files to check.")
    own = schema_given(given.schema) if given.schema else schema_given(release.data_schema, release.root)
    return of_release(release, own)


def lines(checked: Checked, columns: int) -> list[str]:
    """Rows that can't be read, then the findings by severity, then how many there are of each."""
    found: list[str] = []
    for problem in checked.problems:
        found += block("ERROR", [str(problem)], columns)
    found += [""] if checked.problems else []
    alike: dict[tuple[str, str, str], list[DataFinding]] = {}
    for finding in checked.findings:
        alike.setdefault((str(finding.severity), finding.check, finding.advice), []).append(finding)
    for (severity, check, advice), group in alike.items():
        said = [f"{check}: {group[0].message}{_places(group[0])}"]
        said += [f"{finding.message}{_places(finding)}" for finding in group[1:_ALIKE]]
        said += [f"{len(group) - _ALIKE:,} more of the kind; --format json has them."] if len(group) > _ALIKE else []
        found += [*block(severity.upper(), [*said, advice], columns), ""]
    return [*found, summary(checked)]


def _places(finding: DataFinding) -> str:
    shown = ", ".join(map(str, finding.places[:_PLACES]))
    more = finding.count - min(len(finding.places), _PLACES)
    return f" {shown}{f' and {more:,} more' if more > 0 else ''}" if shown else ""


def summary(checked: Checked) -> str:
    """One line: rows, and findings by severity."""
    from harness.data.findings import Severity

    counts = ", ".join(counted(checked.count(severity), str(severity)) for severity in Severity)
    return f"{counted(checked.rows, 'row')} in {counted(len(checked.files), 'file')}: {counts}."


def record(checked: Checked, fixed: Fixed | None = None) -> dict[str, Any]:
    """The same as plain JSON values."""
    from dataclasses import asdict

    values = asdict(checked)
    for finding in values["findings"]:
        finding["drop"] = len(finding["drop"])
    if fixed is not None:
        files = {name: str(path) for name, path in fixed.files.items()}
        values["fixed"] = {**asdict(fixed), "files": files, "log": str(fixed.log)}
    return {**values, "errors": checked.has_errors}


def _fixed(fixed: Fixed | None) -> list[str]:
    if fixed is None:
        return []
    said = f"{counted(fixed.kept, 'row')} kept ({fixed.changed:,} changed), {fixed.dropped:,} dropped; see {fixed.log}"
    return [*(f"{name} -> {path}" for name, path in fixed.files.items()), said]
