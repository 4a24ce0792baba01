"""Trains a LoRA or QLoRA adapter with Axolotl, in a process of its own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.config.source import load_yaml
from harness.core.errors import ConfigError, OutsideError, Problem
from harness.core.ids import digest_file, digest_json
from harness.core.trainings import LauncherSpec, Training
from harness.launchers.interface import Place
from harness.trainers.axolotl import failure, folder, gpu, history, jobs, manifest
from harness.trainers.axolotl.check import check
from harness.trainers.axolotl.checkpoints import keep
from harness.trainers.axolotl.child import VERSIONS
from harness.trainers.axolotl.resolve import CHECKPOINTS, Config, resolve, validates, write
from harness.trainers.axolotl.steps import never_evaluated
from harness.trainers.interface import NO_SETTINGS, Adapter, LearnedNothing, Progress, Settings, TrainRequest
from harness.trainers.usage import used

LOG_LINES = 12  # of the training log, shown with a failure


class AxolotlTrainer:
    """Drives the pinned Axolotl through its own command line."""

    def check(self, config: Path, shown_as: str, settings: Settings = NO_SETTINGS) -> list[Problem]:
        """Every problem of an Axolotl config; needs neither Axolotl nor torch."""
        return check(config, shown_as, settings)

    def train(self, request: TrainRequest, on_progress: Callable[[Progress], None]) -> Adapter:
        """The adapter with the best validation loss (the last one, where there is no validation).

        An interrupted run is gone on with from its last whole checkpoint; a finished one is returned at once. Its
        manifest holds the adapter's fingerprint; one made before there were any gets it now.
        Raises ConfigError, OutsideError (the run failed or learned nothing), KeyboardInterrupt.
        """
        given = {key: (value, None) for key, value in request.settings.items()}
        problems = self.check(request.config, str(request.config), given)
        if problems:
            raise ConfigError(problems)
        place = jobs.launcher_of(request.launcher).place()
        resolved = _resolved(request, place)
        inputs = manifest.inputs(request, resolved, place.device)
        if place.identity:
            inputs["launcher"] = dict(place.identity)
        key = digest_json(inputs)
        with folder.locked(request.output):
            done = manifest.finished(request.output, key)
            adapter = done or _train(request, resolved, {"key": key, **inputs}, on_progress)
            _need_fingerprint(request, adapter, on_progress)
            return adapter

    def check_device(self, config: Path, shown_as: str, launcher: LauncherSpec) -> list[Problem]:
        """What of a config needs a GPU, where the launcher has none."""
        device = jobs.launcher_of(launcher).place().device
        return list(gpu.problems(load_yaml(config, shown_as), {})) if device == "cpu" else []

    def check_steps(self, training: Training, shown_as: str) -> list[Problem]:
        """An evaluation that the training never comes to."""
        if training.validation is None:
            return []
        workers = jobs.launcher_of(training.launcher).place().workers
        source = load_yaml(training.axolotl, shown_as)
        found = never_evaluated(source, training.settings, training.data, workers)
        return [found] if found else []

    def record(self, request: TrainRequest, adapter: Adapter, on_progress: Callable[[Progress], None]) -> None:
        """The manifest of a checkpoint's adapter gets its fingerprint where it lacks one. Raises OutsideError."""
        with folder.locked(request.output):
            _need_fingerprint(request, adapter, on_progress)


def _resolved(request: TrainRequest, place: Place) -> Config:
    """Raises ConfigError where the config needs a GPU and there is none."""
    source = load_yaml(request.config, os.path.relpath(request.config))
    problems = list(gpu.problems(source, request.settings)) if place.device == "cpu" else []
    if problems:
        raise ConfigError(problems)
    own = source.value if isinstance(source.value, dict) else {}
    resolved = resolve({**own, **request.settings}, request, place.device, place.workers)
    return {**resolved, **place.settings}


def _train(
    request: TrainRequest, resolved: Config, record: dict[str, Any], on_progress: Callable[[Progress], None]
) -> Adapter:
    run = folder.open_run(request.output, record["key"])
    # A run may have ended well while its caller died before it could take the adapter.
    if run["exit_code"] != 0 or not (request.output / CHECKPOINTS / "trainer_state.json").is_file():
        _run(request, resolved, run, on_progress)
    checkpoints, log = request.output / CHECKPOINTS, request.output / "train.log"
    if run["exit_code"] != 0:
        why, again = failure.cause(log)
        said = f"Training stopped with exit code {run['exit_code']}{': ' if why else ''}{why}."
        raise (LearnedNothing if again else OutsideError)(_failure(said, log))
    losses = _losses(checkpoints, log, validates(resolved))
    best = losses.best
    source = checkpoints / f"checkpoint-{best.step}" if best else checkpoints
    if not (source / "adapter_model.safetensors").is_file():
        raise OutsideError(_failure(f"Training left no adapter in {source}.", log))
    target = folder.take_adapter(source, request.output)
    digest = digest_file(target / "adapter_model.safetensors")
    step = best.step if best else losses.training[-1].step
    timing = {"started": run["started"], "ended": run["ended"], "wall_seconds": round(run["seconds"], 1)}
    value = (
        record
        | _made_by(checkpoints, record)
        | {"adapter": digest}
        | manifest.outcome(request, losses, step, {**timing, **used(checkpoints)})
    )
    if request.checkpoints:
        keep(request.output, value)
    return Adapter(target, digest, request.base_digest, manifest.write(request.output, value))


def _made_by(checkpoints: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """The versions of the place where it was trained, where they are others than those here."""
    found = checkpoints / VERSIONS
    versions = json.loads(found.read_text(encoding="utf-8")) if found.is_file() else None
    return {"trained_with": versions} if versions and versions != record["versions"] else {}


def _run(request: TrainRequest, resolved: Config, run: dict[str, Any], on_progress: Callable[[Progress], None]) -> None:
    """One attempt; what it took is remembered, however it ends."""
    output, checkpoints = request.output, request.output / CHECKPOINTS
    folder.drop_half_checkpoints(checkpoints)
    (checkpoints / "trainer_state.json").unlink(missing_ok=True)
    write(resolved, output / "resolved.yaml")
    run["started"], run["exit_code"] = run["started"] or _now(), None
    folder.save_run(output, run)
    began = time.monotonic()
    try:
        run["exit_code"] = jobs.train(request, run["key"], resolved, on_progress)
    finally:
        run["seconds"] += time.monotonic() - began
        run["ended"] = _now()
        folder.save_run(output, run)


def _need_fingerprint(request: TrainRequest, adapter: Adapter, on_progress: Callable[[Progress], None]) -> None:
    """The manifest gets the adapter's fingerprint where it lacks one. Raises OutsideError."""
    home = adapter.manifest.parent
    if manifest.has_fingerprint(home):
        return
    on_progress(Progress("save"))
    code, out = jobs.fingerprint(request, adapter)
    if code != 0:
        said = f"The adapter is trained, but its fingerprint failed with exit code {code}."
        raise OutsideError(_failure(said, request.output / "train.log"))
    manifest.add_fingerprint(home, out)


def _losses(checkpoints: Path, log: Path, validated: bool) -> history.History:
    """The history of a run that ended well and learned. Raises OutsideError for every other one.

    An exit code of 0 proves little: Axolotl, when interrupted, saves what it has and ends with 0.
    """
    try:
        losses = history.read(checkpoints / "trainer_state.json")
    except (OSError, ValueError, KeyError, TypeError):
        raise OutsideError(_failure("Training ended before its last step.", log)) from None
    why = history.why_failed(losses, validated)
    if why:
        raise LearnedNothing(_failure(f"Training failed: {why}.", log))
    return losses


def _failure(sentence: str, log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    # Progress bars overwrite themselves with carriage returns.
    lines = [line for line in text.replace("\r", "\n").splitlines() if line.strip() and "it/s]" not in line]
    shown = "\n".join(f"  {line[:200]}" for line in lines[-LOG_LINES:])
    return f"{sentence} The whole log: {log}\n{shown}".rstrip()


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
