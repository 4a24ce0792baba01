"""Say in what two versions differ: training rows, hyper-parameters, metrics, gates and packages.

`harness compare v3 v4` goes into the samples.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.command import release_argument

if TYPE_CHECKING:
    from harness.pipeline.registry.diff import Diff, RowsDiff

WIDEST = 160


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("first", metavar="V3", help="a version")
    parser.add_argument("second", metavar="V4", help="the version that it is compared with")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def main(given: argparse.Namespace) -> int:
    """Print what differs."""
    from harness.pipeline.registry.diff import diff

    found = diff(Path(given.file), given.first, given.second)
    if given.json:
        print(json.dumps(asdict(found), indent=1, sort_keys=True))
    else:
        print("\n".join(_lines(found)))
    return 0


def _lines(found: Diff) -> Iterator[str]:
    yield f"{found.first.name} → {found.second.name} of {found.first.release}"
    yield from _rows(found.rows)
    parts = {"hyper-parameters": found.settings, "gates": found.rules, "packages": found.packages}
    for title, pairs in parts.items():
        yield title if pairs else f"{title}: the same"
        yield from (f"  {name}: {_cut(before)} → {_cut(after)}" for name, (before, after) in pairs.items())
    yield "metrics" if found.metrics else "metrics: none are recorded"
    yield from (f"  {row['gate']}: {_number(row['first'])} → {_number(row['second'])}" for row in found.metrics)
    yield "digests" if found.digests else "digests: the same"
    yield from (f"  {name}: {str(before)[:12]} → {str(after)[:12]}" for name, (before, after) in found.digests.items())


def _rows(rows: Mapping[str, RowsDiff]) -> Iterator[str]:
    if not rows:
        yield "training rows: none are recorded"
    for name, one in rows.items():
        if one.same:
            yield f"{name}: the same rows"
            continue
        counts = " → ".join("?" if count is None else str(count) for count in one.rows)
        told = "which rows is not known, as they were not kept" if one.added is None else (
            f"{one.added} added, {one.removed} removed, {one.changed} changed"
        )  # fmt: skip
        yield f"{name}: {counts} rows; {told}"
        yield from (f"  + {_cut(text)}" for text in one.examples)


def _number(row: Mapping[str, Any] | None) -> str:
    """A value or a difference with its bounds."""
    if row is None:
        return "no such gate"
    value = row["difference"] if row["difference"] is not None else row["value"]
    if value is None:
        return f"not known ({row['verdict']})"
    low, high = ("?" if bound is None else f"{bound:.3g}" for bound in (row["low"], row["high"]))
    return f"{value:.3g} [{low}, {high}] {row['verdict']}"


def _cut(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    shown = "".join(sign if sign.isprintable() else " " for sign in text[: WIDEST + 1])
    return shown if len(shown) <= WIDEST else f"{shown[: WIDEST - 1]}…"
