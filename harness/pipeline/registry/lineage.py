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
    """As lines of ASCII: the version, below it what it was made from and where it went."""
    made, gone = _branch(graph, "version", 0, back=True), _branch(graph, "version", 0, back=False)
    return "\n".join([graph.nodes["version"], "|-- made from", *_under(made), "`-- went to", *_under(gone, " ")])


def _branch(graph: Lineage, name: str, depth: int, back: bool) -> Iterator[tuple[int, str]]:
    next_ones = [one if back else other for one, other in graph.edges if (other if back else one) == name]
    for one in next_ones:
        yield depth, graph.nodes[one]
        yield from _branch(graph, one, depth + back, back)


def _under(branch: Iterator[tuple[int, str]], bar: str = "|") -> Iterator[str]:
    yield from (f"{bar}   {'    ' * depth}|-- {text}" for depth, text in branch)


def _quoted(text: str) -> str:
    return text.replace("\\", "/").replace('"', "'").replace("\n", " ")
