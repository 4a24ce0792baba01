"""The candidate of a release with experiments: each is trained and asked, and the best one goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.core.errors import ConfigError, OutsideError
from harness.core.events import Event, Watch
from harness.core.releases import Release
from harness.pipeline.candidate import (
    ADAPTER,
    MANIFEST,
    Candidate,
    adapter_digest,
    choice_file,
    trained_in,
    trainings_of,
)
from harness.pipeline.chosen import Choice, Failed, Trained, read_choice, write_choice
from harness.pipeline.data.leaks import refuse_leaks
from harness.pipeline.training.evaluate import evaluated
from harness.pipeline.training.leaked import leaked_warnings
from harness.pipeline.training.one import event_of, train_one
from harness.pipeline.training.table import compare
from harness.pipeline.workspace import Workspace, now
from harness.trainers.axolotl import AxolotlTrainer
from harness.trainers.interface import Adapter, LearnedNothing, TrainRequest

STEP = "experiments"


def chosen(release: Release, base: Path, base_digest: str, watch: Watch) -> Candidate:
    """The best experiment's adapter; whatever was done before is not done again.

    An experiment that fails ends no other one. Raises OutsideError where all fail or the suites cannot be asked,
    ConfigError.
    """
    file = choice_file(release, base, base_digest)
    choice = read_choice(file)
    if choice is not None and choice.settled and _intact(release, choice.winner):
        watch(Event(STEP, "fresh", f"{choice.chosen} of {len(choice.trained) + len(choice.failed)}"))
    else:
        choice = _choose(release, base, base_digest, watch)
        write_choice(file, choice)
        watch(Event(STEP, "done", f"{choice.chosen} goes on"))
    return trained_in(_home(release, choice.winner), base, base_digest, release.file)


def _choose(release: Release, base: Path, base_digest: str, watch: Watch) -> Choice:
    refuse_leaks(release)  # before the first second of training
    requests = trainings_of(release, base, base_digest)
    watch(Event(STEP, "begin", f"{len(requests)} trainings"))
    trained, failed = _train_all(release, requests, watch)
    if not trained:
        said = "\n".join(f"  {one.name}: {one.reason}" for one in failed)
        raise OutsideError(f"Every experiment failed, so there is no candidate.\n{said}")
    asked = evaluated(release, base, base_digest, trained, watch)
    warnings = leaked_warnings(release)
    for text in warnings:
        watch(Event(STEP, "note", text))
    compared = compare(release, asked, failed, warnings)
    choice = Choice(compared.chosen, tuple(asked), tuple(failed), tuple(warnings), now())
    _record(requests[choice.winner.experiment], _home(release, choice.winner), watch)
    return choice


def _train_all(release: Release, requests: dict[str, TrainRequest], watch: Watch) -> tuple[list[Trained], list[Failed]]:
    trained: list[Trained] = []
    failed: list[Failed] = []
    for name, request in requests.items():
        step, fresh = f"train {name}", (request.output / MANIFEST).is_file()
        watch(Event(step, "begin", f"Axolotl, {request.config.name}"))
        try:
            train_one(request, step, watch)
        except OutsideError as error:
            reason = str(error).split("\n", 1)[0].split(" The whole log: ")[0]
            settled = isinstance(error, LearnedNothing)
            failed.append(Failed(name, reason, _inside(release, request.output), settled))
            watch(Event(step, "note", f"failed: {reason}"))
            continue
        found = list(_adapters(release, name, request))
        trained += found
        watch(Event(step, "fresh" if fresh else "done", f"adapter {found[0].adapter_digest[:12]}"))
    return trained, failed


def _adapters(release: Release, name: str, request: TrainRequest) -> Iterator[Trained]:
    """What a training gives to choose among: the checkpoint of best loss, or each of them."""
    best = _manifest(request.output).get("best_step")
    steps = {int(home.name.partition("-")[2]): home for home in (request.output / "adapters").glob("step-*")}
    if not request.checkpoints or not steps:
        yield _trained(release, name, name, request.output)
        return
    for step in sorted(steps):
        home = request.output if step == best else steps[step]
        yield replace(_trained(release, f"{name}@step-{step}", name, home), step=step)


def _trained(release: Release, name: str, experiment: str, home: Path) -> Trained:
    return Trained(name, experiment, _inside(release, home), adapter_digest(home / ADAPTER, release.file))


def _record(request: TrainRequest, home: Path, watch: Watch) -> None:
    """A checkpoint that goes on gets what a training's best one has: a record of what it says."""
    stored = _manifest(home)
    adapter = Adapter(home / ADAPTER, str(stored["adapter"]), request.base_digest, home / MANIFEST)
    AxolotlTrainer().record(request, adapter, lambda progress: watch(event_of(progress, STEP)))


def _intact(release: Release, winner: Trained) -> bool:
    home = _home(release, winner)
    try:
        return (home / MANIFEST).is_file() and adapter_digest(home / ADAPTER, release.file) == winner.adapter_digest
    except ConfigError:  # half removed
        return False


def _home(release: Release, one: Trained) -> Path:
    return Workspace(release.root).state / one.folder


def _inside(release: Release, folder: Path) -> str:
    return str(folder.relative_to(Workspace(release.root).state))


def _manifest(home: Path) -> dict[str, Any]:
    return dict(json.loads((home / MANIFEST).read_text(encoding="utf-8")))
