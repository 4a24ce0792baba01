"""Show all that is known of a version: what it is made of, its metrics, its moves and notes, and its lineage."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.command import release_argument

if TYPE_CHECKING:
    from harness.pipeline.registry.show import Shown


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("version", metavar="V3", help="the version")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print it as JSON")
    how.add_argument("--graph", choices=("tree", "mermaid", "dot"), nargs="?", const="tree",
                     help="print the lineage alone: as a tree (default), for Mermaid or for Graphviz")  # fmt: skip


def main(given: argparse.Namespace) -> int:
    """Print the version."""
    from harness.pipeline.registry.lineage import dot, lineage, mermaid, tree
    from harness.pipeline.registry.show import show

    found = show(Path(given.file), given.version)
    if given.json:
        print(json.dumps(found.as_json(), indent=1, sort_keys=True))
        return 0
    graph = lineage(found)
    if given.graph:
        print({"tree": tree, "mermaid": mermaid, "dot": dot}[given.graph](graph))
        return 0
    print("\n".join(_lines(found, tree(graph))))
    return 0


def _lines(found: Shown, graph: str) -> Iterator[str]:
    """What people ask for first stands first; digests, which they compare, last."""
    version = found.version
    share = f", with {found.share:.0%} of the traffic" if found.share else ""
    yield f"{version.name} of {version.release}, recorded {version.created}: it is in {found.stage}{share}"
    yield f"  adapter   {version.adapter_digest}"
    yield f"  base      {version.base_digest}"
    yield f"  decision  {version.decision}{'' if found.decision else '  (its record is gone)'}"
    file = version.provenance.get("policy_file")
    yield f"  policy    {found.policy or 'not recorded'}{f'  ({file})' if file else ''}"
    yield "metrics"
    yield from (f"  {row['verdict']:<12} {row['sentence']}" for row in found.as_json()["metrics"])
    yield "moves"
    yield from (f"  {move.time}  {move.stage:<10} {move.why}{f' by {move.by}' if move.by else ''}"
                f"{f': {move.note}' if move.note else ''}" for move in found.moves)  # fmt: skip
    if found.canary:
        yield "canary"
        yield from (f"  {one['digest'][:12]}  {one['outcome']:<8} {one.get('reason', '')}" for one in found.canary)
    if found.notes:
        yield "notes"
    yield from (f"  {note.time}  {note.why}{f' by {note.by}' if note.by else ''}: {note.note}" for note in found.notes)
    yield f"lineage\n{graph}"
    yield "provenance"
    yield from _values(version.provenance)
    yield "digests"
    width = max(map(len, version.digests), default=0)
    yield from (f"  {name:<{width}}  {digest}" for name, digest in version.digests.items())


def _values(values: Mapping[str, object], depth: int = 1) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield f"{'  ' * depth}{name}"
            yield from _values(value, depth + 1)
        elif value not in ({}, "", None):
            yield f"{'  ' * depth}{name:<24} {value if isinstance(value, str) else json.dumps(value)}"
