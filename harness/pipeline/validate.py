"""Check everything that can be checked without running anything."""

from __future__ import annotations

import os
from pathlib import Path

from harness import base_models
from harness.base_models.adapters import WEIGHTS, adapter_problems
from harness.config.load import load_release
from harness.config.presentation import unknown_columns
from harness.config.source import load_yaml
from harness.core.errors import ConfigError, Problem
from harness.core.places import Place
from harness.core.releases import Release
from harness.core.verdicts import Role
from harness.pipeline.context import too_long
from harness.pipeline.servable import unservable
from harness.pipeline.workspace import Workspace


def validate(path: Path) -> Release:
    """The release. Raises ConfigError with every problem of all its files."""
    release, problems = load_release(path)
    if release is not None:
        problems = problems + _outside_config(release, path)
    if problems or release is None:
        raise ConfigError(_in_order(problems))
    return release


def warnings(release: Release) -> list[str]:
    """A line for each blocking gate that can't pass with the samples at hand, as `file:line: warning: …`.

    Then one for each that can hardly fail, for classes of macro-F1 that no sample has, and for metrics that do not fit
    the rows, by their language or length. Then one for each name in
    `report.redact` that no row has: nothing would be blacked out by it. Then one for each key of an Axolotl config that
    needs a GPU, where the training would run without one, and for validation rows that are never used. Last, one for
    each task with prompts that are longer than the context.
    """
    from harness.pipeline.planning.prospects import prospects

    hopeless = [one for one in prospects(release) if one.can_pass is False and one.gate.role is not Role.ADVISORY]
    unknown = unknown_columns(release.presentation.redact, release.suites)
    return [
        *(f"{one.gate.place}: warning: {one.obstacle}" for one in hopeless),
        *vacuous_warnings(release),
        *(f"{release.file}: warning: no row that is known has '{name}' of report.redact: it blacks out nothing."
          for name in unknown),
        *(f"{one.file}:{one.line}: warning: {one.message} {one.hint}" for one in _training(release)),
        *(f"{release.file}: warning: {said}" for said in too_long(release)),
    ]  # fmt: skip


def vacuous_warnings(release: Release) -> list[str]:
    """A line for each gate, waiver or bound that can hardly fail, and for classes that macro-F1 can't show.

    Then one for each metric, and key of a task, that does not fit the rows.
    """
    from harness.pipeline.planning.misfits import misfits
    from harness.pipeline.planning.vacuous import vacuous, without_target

    problems = [*vacuous(release), *without_target(release), *misfits(release)]
    told = (f"{problem.message} {problem.hint or ''}".rstrip() for problem in problems)
    places = (Place(str(problem.file), problem.line) for problem in problems)
    return [f"{place}: warning: {message}" for place, message in zip(places, told, strict=True)]


def _training(release: Release) -> list[Problem]:
    """What of the training would end otherwise than its config reads."""
    training = release.candidate.training
    if training is None:
        return []
    from harness.trainers.axolotl import AxolotlTrainer

    shown_as, trainer = os.path.relpath(training.axolotl, release.root), AxolotlTrainer()
    runs = [one.training for one in release.experiments.runs] if release.experiments else [training]
    steps = [problem for one in runs for problem in trainer.check_steps(one, shown_as)]
    return [*trainer.check_device(training.axolotl, shown_as, training.launcher), *dict.fromkeys(steps)]


def _outside_config(release: Release, path: Path) -> list[Problem]:
    found = base_models.check(release.candidate.base_model, release.root)
    training = release.candidate.training
    if training and training.axolotl.is_file():
        from harness.trainers.axolotl import AxolotlTrainer

        shown_as = os.path.relpath(training.axolotl, release.root)
        found += AxolotlTrainer().check(training.axolotl, shown_as)
    if release.experiments:
        from harness.pipeline.training.checked import experiment_problems

        found += experiment_problems(release, path)
    found += unservable(release, path)
    return found + ([] if found else _adapter_problems(release, path)) + _missing_keys(release)


def _adapter_problems(release: Release, path: Path) -> list[Problem]:
    """Why a given adapter can't be served on its base model; that is only known where both are on this disk."""
    spec, adapter = release.candidate.base_model, release.candidate.adapter
    if adapter is None or not (adapter / WEIGHTS).is_file():  # the missing file was told already
        return []
    base = base_models.here(spec, Workspace(release.root).models, release.root, release.home)
    wrong = adapter_problems(adapter, base, spec) if base else []
    source = load_yaml(path, release.file) if wrong else None
    where = ("candidate", "adapter")
    return [source.problem(where, f"the adapter '{adapter.name}': {one}") for one in wrong if source]


def _missing_keys(release: Release) -> list[Problem]:
    """Environment variables with keys that servers will want, and that are not set."""
    serve = release.serve
    wanted = {f"serve.{serve.kind}.{key}": serve.arguments.get(key) for key in ("key_env", "token_env")}
    for spec in release.baselines:
        if spec.kind == "remote" and isinstance(remote := spec.arguments["remote"], dict):
            wanted[f"baselines.{spec.name}.remote.key_env"] = remote.get("key_env")
    return [
        Problem(f"{where}: the environment variable {name} is not set.", file=release.file)
        for where, name in wanted.items()
        if isinstance(name, str) and not os.environ.get(name)
    ]


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Each once, file by file in the order met, line by line."""
    files = {name: position for position, name in enumerate(dict.fromkeys(p.file for p in problems))}
    return sorted(dict.fromkeys(problems), key=lambda p: (files[p.file], p.line or 0))
