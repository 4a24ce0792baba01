"""How answers changed against each baseline, in words, with the samples that changed most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.report import words
from harness.report.guard import label
from harness.report.internal.samples import (
    BETTER,
    WORSE,
    Key,
    SamplePart,
    Samples,
    key,
    sample_anchor,
    samples_of,
    task_name,
)
from harness.report.material import Material
from harness.report.numbers import Changes, TaskNumbers
from harness.report.page import Cell, Table, anchor, heads, number
from harness.report.shown import Shown


@dataclass(frozen=True, slots=True)
class Link:
    """A sample that stands elsewhere on the page."""

    anchor: str
    name: str


@dataclass(frozen=True, slots=True)
class ChangeList:
    """Samples of one task that got worse, or better; those in `links` are shown further up. `cut`: what is left out."""

    title: str
    tone: str
    samples: tuple[SamplePart, ...]
    links: tuple[Link, ...]
    cut: str


@dataclass(frozen=True, slots=True)
class ChangePart:
    """Changed answers against one baseline; `note` says why there are none to tell of."""

    anchor: str
    baseline: str
    table: Table | None
    lists: tuple[ChangeList, ...]
    note: str = ""


def change_parts(material: Material) -> tuple[ChangePart, ...]:
    """One part for each baseline. A sample is shown once: among the failures, or where it first changed."""
    samples = samples_of(material)
    told = {
        key(one)
        for task in material.tasks
        for one in (task.failures.worst[: samples.most] if task.failures else ())
    }  # fmt: skip
    return tuple(_part(material, baseline, samples, told) for baseline in material.baselines)


def _part(material: Material, baseline: str, samples: Samples, told: set[Key]) -> ChangePart:
    found = [(task, one) for task in material.tasks for one in task.changes if one.baseline == baseline]
    name, place = label(baseline), anchor("changes", baseline)
    if not found:
        note = "No task was asked of both with a metric that tells right from wrong, sample by sample."
        return ChangePart(place, name, None, (), note)
    head = (*heads("Task", "Got worse", "Got better", "Same", "Not evaluated"), Cell("Judged by"))
    rows = tuple(_row(task_name(material, task), one) for task, one in found)
    lists = [
        _list(material, task, shown, tone, of, samples, told)
        for task, one in found
        for tone, shown, of in ((WORSE, one.fallen, one.worse), (BETTER, one.risen, one.better))
        if shown
    ]
    return ChangePart(place, name, Table(f"Changed answers against {name}", head, rows), tuple(lists))


def _row(name: str, one: Changes) -> tuple[Cell, ...]:
    counted = (number(f"{n:,}") for n in (one.worse, one.better, one.same, one.unknown))
    return Cell(name), *counted, Cell(label(one.metric))


def _list(
    material: Material, task: TaskNumbers, shown: Sequence[Shown], tone: str, of: int, samples: Samples, told: set[Key]
) -> ChangeList:
    """The largest changes first."""
    kept = shown[: samples.most]
    links = tuple(Link(sample_anchor(one), label(one.id)) for one in kept if key(one) in told)
    parts = tuple(samples.part(task, one) for one in kept if key(one) not in told)
    told.update(key(one) for one in kept)
    title = f"{task_name(material, task)}: {words.count(of, 'sample')} with a {tone} answer"
    rest = of - len(kept)
    cut = f"{words.count(rest, 'more sample')} not shown; harness compare has them all." if rest > 0 else ""
    return ChangeList(title, tone, parts, links, cut)
