"""Which examples a few-shot baseline is shown: the same for every sample of a task, and for every run."""

from __future__ import annotations

import random
from collections.abc import Mapping

from harness.core.ids import digest_json
from harness.core.samples import Sample
from harness.core.suites import Task
from harness.tasks.interface import TaskKind

Shot = tuple[Mapping[str, object], str]


def choose(task: Task, kind: TaskKind, count: int, seed: int) -> tuple[Shot, ...]:
    """`count` examples with their right answers as text, drawn by `seed`, spread over as many targets as possible."""
    pool = list(task.examples)
    random.Random(seed).shuffle(pool)
    chosen: list[Sample] = []
    seen: set[str] = set()
    for sample in pool:
        key = digest_json(sample.target)
        if key not in seen:
            seen.add(key)
            chosen.append(sample)
    rest = [sample for sample in pool if sample not in chosen]
    return tuple((sample.row, kind.write(sample.target)) for sample in [*chosen, *rest][:count])
