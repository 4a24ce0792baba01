"""The bars of the starters: above what a constant answer gets, above chance, and such that the rows can decide them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from harness import catalog
from harness.core.metric_refs import metric_refs
from harness.core.releases import Gate, Release, Task
from harness.core.samples import Json, Output
from harness.pipeline.init import KINDS, init
from harness.pipeline.running.answers import score_task
from harness.pipeline.validate import validate
from harness.tasks.interface import TaskKind

# What somebody would answer who knows the format, and not the message.
BLIND = {
    "generate": (
        "Customer reports a problem with a product and asks for a replacement or a refund.",
        "Customer asks for a refund.",
        "Customer wants a replacement for the broken product.",
        "Customer complains about the order and wants the money back.",
    )
}


def starter(kind: str, folder: Path) -> tuple[Release, Task]:
    """The starter as `harness init` writes it, and its one task."""
    init(kind, folder)
    release = validate(folder / "release.yaml")
    (task,) = release.suites[0].tasks
    return release, task


def absolute_gates(release: Release) -> list[Gate]:
    """Its gates with a bar of their own, not one that another model sets."""
    return [gate for gate in release.policy.gates if gate.rule == "at_least"]


def constants(kind: TaskKind, task: Task) -> Iterator[str]:
    """Answers that look at no message: each that a training row has, the commonest of each field, and by hand."""
    targets = [sample.target for sample in task.examples]
    yield from sorted({kind.write(target) for target in targets})
    if task.kind == "extract":
        yield kind.write(_commonest(targets))
        yield kind.write(dict.fromkeys(_commonest(targets)))
    yield from BLIND.get(task.kind, ())


def _commonest(targets: list[Json]) -> dict[str, Json]:
    records = [target for target in targets if isinstance(target, dict)]
    return {
        name: json.loads(Counter(json.dumps(record[name]) for record in records).most_common(1)[0][0])
        for name in records[0]
    }


def mean(kind: TaskKind, task: Task, metric: str, text: str) -> float:
    """The metric's mean where every answer is `text`."""
    outputs = [Output(sample.id, text, "stop") for sample in task.samples]
    asked = replace(task, metrics=tuple(spec for spec in task.metrics if spec.name == metric))
    scores = score_task(asked, kind, task.samples, outputs).scores
    return fmean(score.value for score in scores if score.value is not None and not score.part)


@pytest.mark.parametrize("kind", KINDS)
def test_every_bar_is_above_any_constant_answer_and_above_chance(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("rouge_score")
    release, task = starter(kind, tmp_path)
    plug = catalog.build("tasks", task.kind, task.arguments)
    refs = metric_refs(release.suites)
    assert absolute_gates(release)
    for gate in absolute_gates(release):
        metric = refs[gate.metric].metric
        for text in constants(plug, task):
            assert mean(plug, task, metric, text) < gate.threshold, (gate.metric, text)
        if isinstance(labels := task.arguments.get("labels"), list):
            assert 1.5 / len(labels) < gate.threshold, "chance, with room"


@pytest.mark.parametrize("kind", KINDS)
def test_a_verdict_rests_on_gates_of_both_kinds(kind: str, tmp_path: Path) -> None:
    """One with a bar, and one that compares with the few-shot base: above the base is what `improves` means."""
    release, _ = starter(kind, tmp_path)
    rules = [gate.rule for gate in release.policy.gates if gate.role.value in ("gating", "critical")]
    assert sorted(set(rules)) == ["at_least", "improves"]
    assert [baseline.few_shot for baseline in release.baselines] == [2]
