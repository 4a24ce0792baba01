"""The key `experiments` of release.yaml: several trainings, and what chooses among them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from harness.config.chat_rows import chat_row_problems
from harness.config.schema import ExperimentFile, ExperimentsFile, ReleaseFile
from harness.config.source import Source, nearest
from harness.config.suites import load_suite
from harness.config.trainings import training_of
from harness.core.errors import Problem
from harness.core.ids import digest_json
from harness.core.metric_refs import metric_refs
from harness.core.releases import Experiments
from harness.core.samples import Json
from harness.core.suites import Suite
from harness.core.trainings import VALIDATION_LOSS, Experiment, Training

DEFAULT = "default"
MOST = 64


def load_experiments(
    root: Path, parsed: ReleaseFile, suites: Iterable[Suite], source: Source
) -> tuple[Experiments | None, list[Problem]]:
    """The experiments, None where none are declared, and every problem. `suites` are those that the release is
    judged by: none of their samples may choose the candidate."""
    file, train = parsed.experiments, parsed.candidate.train
    if file is None:
        return None, []
    if train is None:
        return None, [
            source.problem(["experiments"], "'experiments' need 'candidate.train': there is nothing to vary.")
        ]
    own, problems = _suites(root, file, source)
    problems += list(_shared(file, own, suites, source))
    problems += list(_choice_problems(file, own, train.validation is not None, source))
    standing = training_of(root, parsed.name, train)
    runs = tuple(_runs(root, file, standing))
    problems += [problem for name, one in file.runs.items() for problem in _missing(root, name, one, source)]
    if len(runs) > MOST:
        message = f"{len(runs)} trainings are declared; {MOST} is the most."
        problems.append(source.problem(["experiments", "sweep"], message))
    return Experiments(runs, own, file.choose, file.checkpoints == "all"), problems


def _runs(root: Path, file: ExperimentsFile, standing: Training) -> Iterator[Experiment]:
    """Those with names, then all combinations of the sweep; without any of both, the training as it stands."""
    for name, one in file.runs.items():
        yield Experiment(name, _varied(root, one, standing))
    for values in itertools.product(*file.sweep.values()) if file.sweep else ():
        settings: dict[str, Json] = dict(zip(file.sweep, values, strict=True))
        yield Experiment(_name(settings), replace(standing, settings=settings))
    if not file.runs and not file.sweep:
        yield Experiment(DEFAULT, standing)


def _varied(root: Path, one: ExperimentFile, standing: Training) -> Training:
    return replace(
        standing,
        axolotl=root / one.axolotl if one.axolotl else standing.axolotl,
        data=root / one.data if one.data else standing.data,
        settings=dict(one.set),
    )


def _name(settings: Mapping[str, Json]) -> str:
    return ",".join(f"{key}={value}" for key, value in settings.items())


def _suites(root: Path, file: ExperimentsFile, source: Source) -> tuple[tuple[Suite, ...], list[Problem]]:
    found, problems = [], []
    for index, path in enumerate(file.suites):
        if not (root / path).is_file():
            problems.append(source.problem(["experiments", "suites", index], f"the suite '{path}' does not exist."))
            continue
        suite, wrong = load_suite(root, path)
        problems += wrong
        found += [suite] if suite else []
    return tuple(found), problems


def _shared(file: ExperimentsFile, own: Iterable[Suite], judged: Iterable[Suite], source: Source) -> Iterator[Problem]:
    """Samples that would both choose the candidate and judge it: its verdict would flatter it."""
    names = {suite.name for suite in judged}
    asked = {_content(one.row): suite.name for suite in judged for task in suite.tasks for one in task.samples}
    for index, suite in enumerate(own):
        at = ("experiments", "suites", index)
        if suite.name in names:
            yield source.problem(at, f"the suite '{suite.name}' judges the release; it must not choose the candidate.")
            continue
        both = [asked[key] for task in suite.tasks for one in task.samples if (key := _content(one.row)) in asked]
        if both:
            yield source.problem(at, f"{len(both)} samples of '{suite.name}' are samples of '{both[0]}', too.",
                                 "Choose on rows that the release is not judged by.")  # fmt: skip


def _content(row: Json) -> str:
    """A row without its id."""
    return digest_json({key: value for key, value in row.items() if key != "id"} if isinstance(row, dict) else row)


def _choice_problems(file: ExperimentsFile, own: Iterable[Suite], validated: bool, source: Source) -> Iterator[Problem]:
    if file.choose == VALIDATION_LOSS:
        if not validated:
            message = "'choose: validation_loss' needs 'candidate.train.validation'."
            yield source.problem(["experiments", "choose"], message)
        if file.checkpoints == "all":
            message = "'checkpoints: all' needs a metric in 'choose': by validation loss the best is taken anyway."
            yield source.problem(["experiments", "checkpoints"], message)
        return
    known = metric_refs(own)
    if file.choose not in known:
        listed = f"known are {VALIDATION_LOSS}{''.join(f', {name}' for name in known)}."
        hint = nearest(file.choose, known)
        yield source.problem(["experiments", "choose"], f"unknown metric '{file.choose}'; {listed}", hint)


def _missing(root: Path, name: str, one: ExperimentFile, source: Source) -> Iterator[Problem]:
    for key in ("axolotl", "data"):
        path = getattr(one, key)
        if path is not None and not (root / path).is_file():
            yield source.problem(["experiments", "runs", name, key], f"the file '{path}' does not exist.")
        elif key == "data" and path is not None:
            yield from chat_row_problems(root, path)
