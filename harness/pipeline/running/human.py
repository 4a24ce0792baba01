"""What people answered, from a file: read and scored as a model's output is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness import catalog
from harness.config.answers import read_answers
from harness.core.errors import ConfigError
from harness.core.releases import Release
from harness.core.runs import TaskResult
from harness.core.samples import Output
from harness.core.suites import Suite
from harness.pipeline.running.answers import score_task


def human_results(release: Release, suite: Suite, files: Mapping[str, str]) -> list[TaskResult]:
    """The suite's tasks as people answered them. Raises ConfigError where a sample has no answer."""
    found = []
    whole = {(one.name, task.name): task for one in release.suites for task in one.tasks}
    for task in suite.tasks:
        path = files.get(f"{suite.name}.{task.name}")
        if path is None:
            continue
        answers, problems = read_answers(release.root, Path(path), whole[suite.name, task.name])
        if problems:
            raise ConfigError(problems)
        outputs = [Output(s.id, answers[s.id], "human", repeat=r) for s in task.samples for r in range(task.repeats)]
        found.append(score_task(task, catalog.build("tasks", task.kind, task.arguments), task.samples, outputs))
    return found
