"""Samples of the validation suites in the rows that experiments train on: the choice would flatter who learned them."""

from __future__ import annotations

import os

from harness.core.releases import Release
from harness.pipeline.data.leaks import Leaks, look


def leaked_warnings(release: Release) -> list[str]:
    """A sentence for each task with such samples. Raises ConfigError for rows that cannot be read."""
    assert release.experiments is not None
    if not release.experiments.suites:
        return []
    files = list(dict.fromkeys(one.training.data for one in release.experiments.runs))
    shown = [os.path.relpath(path, release.root) for path in files]
    found = Leaks(looked=True, hits=look(files, shown, release.experiments.suites))
    return [
        f"{len(samples)} of the samples of {task} stand in the training rows, so the choice by it favours what was "
        f"learned by heart (e.g. {samples[0]}). Take out the rows, or replace the samples."
        for task, samples in found.samples.items()
    ]
