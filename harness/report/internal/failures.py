"""Where the candidate fails, in words: which parts are weak, what failing inputs share, and the worst samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.core.directions import Better
from harness.report import words
from harness.report.guard import label
from harness.report.internal.figures import own_cell
from harness.report.internal.languages import language
from harness.report.internal.samples import SamplePart, Samples, samples_of, task_name
from harness.report.material import CANDIDATE, Material
from harness.report.numbers import Cluster, Failures, PartNumbers, TaskNumbers
from harness.report.page import Cell, Table, anchor, heads, number

_PARTS = 12
_MORE = 60
_CLUSTERS = 12
_EXAMPLES = 3
_KINDS = {"length": "length of the input"}


@dataclass(frozen=True, slots=True)
class FailurePart:
    """The failures on one task; tables are None where there is nothing to tell. `cut` says what is left out.

    `others` are the parts that are less weak than those of `parts`.
    """

    anchor: str
    name: str
    sentence: str
    parts: Table | None = None
    others: Table | None = None
    clusters: Table | None = None
    samples: tuple[SamplePart, ...] = ()
    cut: str = ""


def failure_parts(material: Material) -> tuple[FailurePart, ...]:
    """One part for each task whose metric tells a right answer from a wrong one, sample by sample."""
    samples = samples_of(material)
    return tuple(
        _part(task_name(material, task), task, task.failures, material.roles, samples)
        for task in material.tasks
        if task.failures
    )


def _part(name: str, task: TaskNumbers, found: Failures, roles: Sequence[str], samples: Samples) -> FailurePart:
    worst = found.worst[: samples.most]
    return FailurePart(
        anchor("failures", task.suite, task.name),
        name,
        _sentence(task, found),
        _weak(name, found, roles) if found.parts else None,
        _others(name, found, roles) if len(found.parts) > _PARTS else None,
        _alike(name, found) if found.clusters else None,
        tuple(samples.part(task, one) for one in worst),
        _cut(found.failing, len(worst)),
    )


def _sentence(task: TaskNumbers, found: Failures) -> str:
    """How many failed, and what a failure is."""
    rate = any(metric.info.name == found.metric and metric.info.aggregate == "rate" for metric in task.metrics)
    side = "below" if found.better is Better.HIGHER else "above"
    limit = f"with a {label(found.metric)} {side} {words.percent(found.below)}"
    what = f"by {label(found.metric)}" if rate else limit
    told = f"{found.failing:,} of {words.count(found.evaluated, 'evaluated sample')} failed {what}."
    lost = words.count(task.samples - found.evaluated, "sample")
    return f"{told} {lost} could not be evaluated: neither right nor wrong." if task.samples > found.evaluated else told


def _weak(name: str, found: Failures, roles: Sequence[str]) -> Table:
    """The metric on the weakest parts, the worst first."""
    note = "First stands what is low for sure: the part with the lowest upper limit. Parts overlap."
    if found.better is Better.LOWER:
        note = "First stands what is high for sure: the part with the highest lower limit. Parts overlap."
    return _parts(f"Weakest parts of {name}, by {label(found.metric)}", found.parts[:_PARTS], roles, note)


def _others(name: str, found: Failures, roles: Sequence[str]) -> Table:
    """The parts after the weakest."""
    rest = len(found.parts) - _MORE
    note = f"{words.count(rest, 'more part')} not shown." if rest > 0 else ""
    return _parts(f"Other parts of {name}, by {label(found.metric)}", found.parts[_PARTS:_MORE], roles, note)


def _parts(caption: str, parts: Sequence[PartNumbers], roles: Sequence[str], note: str) -> Table:
    names = ["Candidate" if role == CANDIDATE else label(role) for role in roles]
    head = (Cell("Part"), Cell("Kind"), *heads("", "Samples", *names)[1:])
    return Table(caption, head, tuple(_row(one, roles) for one in parts), note)


def _row(one: PartNumbers, roles: Sequence[str]) -> tuple[Cell, ...]:
    name = f"{label(one.column)}={label(one.name)}" if one.column else label(one.name)
    name = language(name) if one.kind == "language" else name
    own = (own_cell(one.own.get(role)) for role in roles)
    return Cell(name), Cell(_KINDS.get(one.kind, one.kind)), number(f"{one.samples:,}"), *own


def _alike(name: str, found: Failures) -> Table:
    """Groups of failing inputs that share words."""
    rows = tuple(_cluster(one) for one in found.clusters[:_CLUSTERS])
    grouped = sum(one.size for one in found.clusters)
    note = (
        f"{grouped:,} of the {words.count(found.clustered, 'failing sample')} that were looked at share words with at "
        "least two others. Typical words are commoner in the group than among all inputs."
    )
    if found.clustered < found.failing:
        note += f" They were drawn from {found.failing:,}; of perturbed copies of one sample one is looked at."
    rest = len(found.clusters) - _CLUSTERS
    note += f" {words.count(rest, 'smaller group')} not shown." if rest > 0 else ""
    head = (Cell("Typical words"), *heads("", "Samples")[1:], Cell("Such as"))
    return Table(f"Failing inputs of {name} that are alike", head, rows, note)


def _cluster(one: Cluster) -> tuple[Cell, ...]:
    named = ", ".join(label(word) for word in one.words) or "no typical words"
    return Cell(named), number(f"{one.size:,}"), Cell(", ".join(label(name) for name in one.samples[:_EXAMPLES]))


def _cut(failing: int, shown: int) -> str:
    if failing <= shown:
        return ""
    return f"{words.count(failing - shown, 'more failing sample')} not shown; harness store query has them all."
