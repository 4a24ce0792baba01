"""Problems of a release's experiments that only the trainer's own rules can tell, each where it is declared."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from harness.config.source import Elsewhere, Source, Where, load_yaml
from harness.core.errors import ConfigError, Problem
from harness.core.releases import Release
from harness.core.trainings import Experiment
from harness.trainers.axolotl import AxolotlTrainer
from harness.trainers.interface import Settings

# Servers that run already: no adapter can be brought to them that is not trained yet.
_NOT_OURS = ("remote", "openai")


def experiment_problems(release: Release, path: Path) -> list[Problem]:
    """Keys and values of every training's config; `path` is the release's file."""
    if release.experiments is None:
        return []
    try:
        source = load_yaml(path, release.file)
    except ConfigError:  # told with the release itself
        return []
    found = list(_unasked(release, source))
    for one in release.experiments.runs:
        if one.training.axolotl.is_file():
            shown_as = os.path.relpath(one.training.axolotl, release.root)
            found += AxolotlTrainer().check(one.training.axolotl, shown_as, _settings(one, source))
    return found


def _unasked(release: Release, source: Source) -> Iterator[Problem]:
    kind = release.serve.kind
    if release.experiments and release.experiments.suites and kind in _NOT_OURS:
        message = f"'experiments.suites' need a server that harness starts; serve.{kind} runs already."
        yield source.problem(("experiments", "suites"), message, "Serve by another kind, or choose by validation_loss.")


def _settings(one: Experiment, source: Source) -> Settings:
    return {key: (value, Elsewhere(source, _where(one.name, key, value, source)))
            for key, value in one.training.settings.items()}  # fmt: skip


def _where(name: str, key: str, value: object, source: Source) -> Where:
    """A setting's place: of a named training, else its value in the sweep."""
    named: Where = ("experiments", "runs", name, "set", key)
    if named in source.lines:
        return named
    swept: Where = ("experiments", "sweep", key)
    declared = source.value
    for part in swept:
        declared = declared.get(part) if isinstance(declared, dict) else None
    return (*swept, declared.index(value)) if isinstance(declared, list) and value in declared else swept
