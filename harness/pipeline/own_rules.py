"""The trainer's own rules for every Axolotl config of a release: slower than `validate`, and as strict as training."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from harness.config.source import load_yaml
from harness.core.errors import Problem
from harness.core.releases import Release
from harness.core.trainings import LauncherSpec, Training
from harness.pipeline.workspace import Workspace
from harness.trainers.interface import TrainRequest


def own_rule_problems(release: Release) -> tuple[list[Problem], str]:
    """What Axolotl refuses in the configs of a release that is valid so far; or why it was not asked.

    Raises OutsideError where Axolotl is there and does not answer.
    """
    trainings = list(_trainings(release))
    if not trainings:
        return [], ""
    from harness.trainers.axolotl import own_rules
    from harness.trainers.axolotl.resolve import resolve

    if not own_rules.is_known():
        return [], "Axolotl is not installed here, so its own rules were not checked (pip install 'harness[train]')"
    state, found = Workspace(release.root).state, []
    kept = state / "checked" if state.is_dir() else None  # a project in which nothing ran is left as it is
    for training in trainings:
        source = load_yaml(training.axolotl, os.path.relpath(training.axolotl, release.root))
        given = {**source.value, **training.settings} if isinstance(source.value, dict) else {}
        config = resolve(given, _request(release, training), "cuda")  # a config is for the machine that it will run on
        found += own_rules.own_problems(source, config, _processes(training.launcher), kept)
    return list(dict.fromkeys(found)), ""


def _request(release: Release, training: Training) -> TrainRequest:
    """As the trainer gets it, less what says nothing about the config: folders that are not there yet."""
    nowhere = Path("base-model")
    return TrainRequest(training.axolotl, nowhere, "", training.data, training.validation, nowhere, release.seed)


def _trainings(release: Release) -> Iterator[Training]:
    if release.candidate.training:
        yield release.candidate.training
    yield from (run.training for run in release.experiments.runs) if release.experiments else ()


def _processes(launcher: LauncherSpec) -> int:
    return int(str(launcher.arguments.get("processes") or launcher.arguments.get("workers") or 1))
