"""The bars of the starters: above what a constant answer gets, above chance, and such that the rows can decide them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from harness import catalog
from harness.core.metric_refs import metric_refs
from harness.core.policies import Gate
from harness.core.releases import Release
from harness.core.samples import Json, Output
from harness.core.suites import Task
from harness.core.verdicts import Role
from harness.metrics.interface import Item
from harness.pipeline.init import KINDS, init
from harness.pipeline.running.answers import read_answer
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


def means(kind: TaskKind, task: Task, metric: str, texts: Sequence[str]) -> list[float]:
    """The metric's mean for each of `texts` where it is the answer to every sample."""
    answers = [read_answer(kind, Output("", text, "stop")) for text in texts]
    items = [Item(sample, replace(one, sample_id=sample.id)) for one in answers for sample in task.samples]
    (spec,) = (spec for spec in task.metrics if spec.name == metric)
    scores = catalog.build("metrics", spec.catalog_name, spec.arguments).score(items)
    values = [score.value for score in scores if not score.part]
    size = len(task.samples)
    return [fmean(values[first : first + size]) for first in range(0, len(values), size)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_bar_is_above_any_constant_answer_and_above_chance(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("rouge_score")
    release, task = starter(kind, tmp_path)
    plug = catalog.build("tasks", task.kind, task.arguments)
    refs = metric_refs(release.suites)
    texts = list(constants(plug, task))
    assert absolute_gates(release)
    for gate in absolute_gates(release):
        reached = dict(zip(texts, means(plug, task, refs[gate.metric].metric, texts), strict=True))
        best = max(reached, key=lambda text: reached[text])
        assert 0 < reached[best] < gate.threshold, (gate.metric, best)
        if isinstance(labels := task.arguments.get("labels"), list):
            assert 1.5 / len(labels) < gate.threshold, "chance, with room"


@pytest.mark.parametrize("kind", KINDS)
def test_a_verdict_rests_on_a_bar_and_on_a_comparison_with_the_few_shot_base(kind: str, tmp_path: Path) -> None:
    release, _ = starter(kind, tmp_path)
    rules = [gate.rule for gate in release.policy.gates if gate.role in (Role.GATING, Role.CRITICAL)]
    assert sorted(rules) == ["at_least", "improves"]
    assert [baseline.few_shot for baseline in release.baselines] == [2]
