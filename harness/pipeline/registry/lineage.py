"""Where a version comes from and where it went, as a graph: base → data → adapter → decision → stages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.core.ids import short
from harness.pipeline.registry.show import Shown


@dataclass(frozen=True, slots=True)
class Lineage:
    """Nodes by id with what they read, and edges between ids. Ids are letters and digits."""

    nodes: dict[str, str]
    edges: tuple[tuple[str, str], ...]


def lineage(shown: Shown) -> Lineage:
    """The graph of a version. What is not known of it has no node."""
    version, digests = shown.version, shown.version.digests
    nodes = {"base": f"base {version.provenance.get('base', '')} {short(version.base_digest)}".replace("  ", " ")}
    taught = [name for name in ("data", "validation", "config") if name in digests]
    nodes |= {name: f"{name} {short(digests[name])}" for name in taught}
    nodes["adapter"] = f"adapter {short(version.adapter_digest)}"
    judged = [name for name in ("policy", "release") if name in digests]
    nodes |= {name: f"{name} {short(digests[name])}" for name in judged}
    verdict = f" {shown.decision.verdict}" if shown.decision else ""
    nodes["decision"] = f"decision {short(version.decision)}{verdict}"
    nodes["version"] = version.name
    edges = [*((name, "adapter") for name in ("base", *taught)), ("adapter", "decision"),
             *((name, "decision") for name in judged), ("decision", "version")]  # fmt: skip
    if version.parent is not None:
        nodes["parent"] = f"v{version.parent}, in production before"
        edges.append(("parent", "version"))
    last = "version"
    for place, move in enumerate(shown.moves):
        nodes[f"move{place}"] = f"{move.stage} ({move.why}, {move.time})"
        edges.append((last, f"move{place}"))
        last = f"move{place}"
    return Lineage(nodes, tuple(edges))


def mermaid(graph: Lineage) -> str:
    """As a Mermaid flow chart."""
    nodes = (f'  {name}["{_quoted(text)}"]' for name, text in graph.nodes.items())
    return "\n".join(["flowchart LR", *nodes, *(f"  {one} --> {other}" for one, other in graph.edges)])


def dot(graph: Lineage) -> str:
    """As a graph for Graphviz."""
    nodes = (f'  {name} [shape=box, label="{_quoted(text)}"];' for name, text in graph.nodes.items())
    edges = (f"  {one} -> {other};" for one, other in graph.edges)
    return "\n".join(["digraph lineage {", "  rankdir=LR;", *nodes, *edges, "}"])


def tree(graph: Lineage) -> str:
    """As lines of ASCII: the version, below it what it was made from and where it went, one stage after the other."""
    stages, at = [], "version"
    while onward := [other for one, other in graph.edges if one == at]:
        at = onward[0]
        stages.append(f"    |-- {graph.nodes[at]}")
    if stages:
        stages[-1] = stages[-1].replace("|--", "`--", 1)
    return "\n".join(
        [graph.nodes["version"], "|-- made from", *_made(graph, "version", "|   "), "`-- went to", *stages]
    )


def _made(graph: Lineage, name: str, bar: str) -> Iterator[str]:
    parts = [one for one, other in graph.edges if other == name]
    for one in parts:
        last = one == parts[-1]
        yield f"{bar}{'`--' if last else '|--'} {graph.nodes[one]}"
        yield from _made(graph, one, f"{bar}    " if last else f"{bar}|   ")


def _quoted(text: str) -> str:
    return text.replace("\\", "/").replace('"', "'").replace("\n", " ")
