"""Which answers of finished runs are not whole, beside their counts."""

from __future__ import annotations

from collections.abc import Iterable

from harness.core.endings import endings_in_words
from harness.core.metric_refs import MEASURED_RUN
from harness.core.releases import Release
from harness.core.runs import Run
from harness.pipeline.judging.endings import counted, limit_of
from harness.pipeline.workspace import Workspace
from harness.store.columns import task_columns
from harness.store.database import opened
from harness.store.manifest import read_manifest


def not_whole(release: Release, runs: Iterable[Run]) -> dict[str, list[str]]:
    """By run id a sentence for each task, such as "sort: 26 of 40 answers were cut off at max_new_tokens 60"."""
    workspace, sentences = Workspace(release.root), {}
    with opened(workspace.store, read_only=True) as connection:
        for run in runs:
            recipe = read_manifest(workspace.run(run.id)).get("recipe") or {}
            tasks = task_columns(connection, run.id, frozenset()) if run.suite != MEASURED_RUN else []
            endings = ((task.task, endings_in_words(counted(task), limit_of(recipe, task.task))) for task in tasks)
            sentences[run.id] = [f"{name}: {words}" for name, words in endings if words]
    return sentences
