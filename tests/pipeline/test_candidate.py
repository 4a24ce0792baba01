"""The folder of a training follows from what changes its adapter, and from nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.config.load import load_release
from harness.core.trainings import LauncherSpec
from harness.pipeline.candidate import request_of
from tests.projects import Project


def folder(desk: Project, **changed: object) -> Path:
    release, _ = load_release(desk.root / "release.yaml")
    assert release is not None
    assert release.candidate.training is not None
    training = replace(release.candidate.training, **changed)  # type: ignore[arg-type]
    return request_of(release, training, desk.root / "base", "0" * 64).output


@pytest.mark.parametrize(
    ("kind", "arguments", "same"),
    [
        ("process", {"processes": 1}, True),
        ("ssh", {"host": "gpu", "processes": 1}, True),
        ("ray", {"address": "auto", "workers": 1}, True),
        ("process", {"processes": 2}, False),
        ("ray", {"address": "auto", "workers": 2}, False),
        ("docker", {"image": "axolotl:1", "processes": 1}, False),
    ],
)
def test_a_launcher_counts_where_it_changes_the_adapter(
    desk: Project, kind: str, arguments: dict[str, object], same: bool
) -> None:
    launcher = LauncherSpec(kind, arguments)  # type: ignore[arg-type]
    assert (folder(desk, launcher=launcher) == folder(desk)) is same


def test_settings_and_rows_count_and_a_tracker_does_not(desk: Project) -> None:
    assert folder(desk, settings={"learning_rate": 0.1}) != folder(desk)
    assert folder(desk, track=None) == folder(desk)
    before = folder(desk)
    desk.write("data/train.jsonl", desk.read("data/train.jsonl") * 2)
    assert folder(desk) != before
