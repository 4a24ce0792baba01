"""What a release's files were when its adapter was trained and its suites were run, held against what they are now.

The locks themselves are elsewhere: a training run is keyed by the digests of its rows and config, a run by its suite's
digest, which covers every sample and example, and by what a baseline reads beside it (docs/architecture.md, Identity).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.core.ids import digest_file, short
from harness.core.releases import Release
from harness.core.runs import Run, samples_digest
from harness.core.suites import Suite, Task
from harness.pipeline.recipe import taught_by
from harness.pipeline.workspace import Workspace


def changes(release: Release, trained: bool, runs: Sequence[Run]) -> tuple[str, ...]:
    """A sentence for each file or row set that is another than last time; `runs` are the stored ones of any release.

    `trained` says that there is an adapter of these very files: then they did not change.
    """
    taught = () if trained else tuple(_taught(release))
    ran = (sentence for suite in release.suites for sentence in _ran(suite, _last(release, suite, runs)))
    return (*taught, *ran)


def _taught(release: Release) -> Iterator[str]:
    training = release.candidate.training
    manifests = sorted((Workspace(release.root).state / "training").glob("*/manifest.json"), key=_age)
    then = taught_by(manifests[-1].parent / "adapter") if manifests else {}
    if training is None or not then:
        return
    files = {"data": training.data, "validation": training.validation, "config": training.axolotl}
    for name, path in files.items():
        now, before = digest_file(path) if path and path.is_file() else "", then.get(name, "")
        if now != before:
            shown = os.path.relpath(path, release.root) if path else f"the {name} file"
            told = f"{short(before) or 'not there'} then, {short(now) or 'not there'} now"
            then_what = "the adapter is trained anew, and its runs are done again"
            yield f"{shown} changed since the last training ({told}): {then_what}."


def _last(release: Release, suite: Suite, runs: Sequence[Run]) -> Run | None:
    """The newest run of the candidate on a suite, where none is of the suite as it is."""
    ours = [
        run for run in runs if (run.release, run.suite) == (release.name, suite.name) and run.model.role == "candidate"
    ]
    if any(run.suite_digest == suite.digest for run in ours):
        return None
    return max(ours, key=lambda run: run.started, default=None)


def _ran(suite: Suite, last: Run | None) -> Iterator[str]:
    if last is None:
        return
    for task in suite.tasks:
        before = last.task_digests.get(task.name)
        if before is not None and before != task.digest and task.clean is None:
            yield f"{_what(task, last)} of {suite.name}.{task.name} changed since the last run: it is run again."


def _what(task: Task, last: Run) -> str:
    if not task.prompt:
        return "the files"
    same = last.data.get(task.name) == samples_digest(task.samples)
    return "the prompt, examples, metrics or settings" if same else "the samples"


def _age(path: Path) -> float:
    return path.stat().st_mtime
