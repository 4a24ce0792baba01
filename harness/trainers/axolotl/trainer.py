"""Trains a LoRA or QLoRA adapter with Axolotl, in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.config.source import load_yaml
from harness.core.errors import ConfigError, OutsideError, Problem
from harness.core.ids import digest_file, digest_json
from harness.trainers.axolotl import folder, history, manifest, process
from harness.trainers.axolotl.check import check
from harness.trainers.axolotl.resolve import CHECKPOINTS, Config, device_here, resolve, validates, write
from harness.trainers.interface import Adapter, Progress, TrainRequest

CHILD = "harness.trainers.axolotl.child"
FINGERPRINT = "harness.trainers.axolotl.fingerprint"
LOG_LINES = 12  # of the training log, shown with a failure


class AxolotlTrainer:
    """Drives the pinned Axolotl through its own command line."""

    def check(self, config: Path, shown_as: str) -> list[Problem]:
        """Every problem of an Axolotl config; needs neither Axolotl nor torch."""
        return check(config, shown_as)

    def train(self, request: TrainRequest, on_progress: Callable[[Progress], None]) -> Adapter:
        """The adapter with the best validation loss (the last one, where there is no validation).

        An interrupted run is gone on with from its last whole checkpoint; a finished one is returned at once. Its
        manifest holds the adapter's fingerprint; one made before there were any gets it now.
        Raises ConfigError, OutsideError (the run failed or learned nothing), KeyboardInterrupt.
        """
        problems = self.check(request.config, str(request.config))
        if problems:
            raise ConfigError(problems)
        _need_axolotl()
        device = device_here()
        resolved = _resolved(request, device)
        inputs = manifest.inputs(request, resolved, device)
        key = digest_json(inputs)
        with folder.locked(request.output):
            done = manifest.finished(request.output, key)
            adapter = done or _train(request, resolved, {"key": key, **inputs}, on_progress)
            _need_fingerprint(request, adapter, on_progress)
            return adapter


def _need_axolotl() -> None:
    if importlib.util.find_spec("axolotl") is None:
        raise OutsideError("Axolotl is not installed. Run: pip install 'harness[train]'")


def _resolved(request: TrainRequest, device: str) -> Config:
    config = load_yaml(request.config).value
    return resolve(config if isinstance(config, dict) else {}, request, device)


def _train(
    request: TrainRequest, resolved: Config, record: dict[str, Any], on_progress: Callable[[Progress], None]
) -> Adapter:
    run = folder.open_run(request.output, record["key"])
    # A run may have ended well while its caller died before it could take the adapter.
    if run["exit_code"] != 0 or not (request.output / CHECKPOINTS / "trainer_state.json").is_file():
        _run(request, resolved, run, on_progress)
    checkpoints, log = request.output / CHECKPOINTS, request.output / "train.log"
    if run["exit_code"] != 0:
        raise OutsideError(_failure(f"Training stopped with exit code {run['exit_code']}.", log))
    losses = _losses(checkpoints, log, validates(resolved))
    best = losses.best
    source = checkpoints / f"checkpoint-{best.step}" if best else checkpoints
    if not (source / "adapter_model.safetensors").is_file():
        raise OutsideError(_failure(f"Training left no adapter in {source}.", log))
    target = folder.take_adapter(source, request.output)
    digest = digest_file(target / "adapter_model.safetensors")
    step = best.step if best else losses.training[-1].step
    timing = {"started": run["started"], "ended": run["ended"], "wall_seconds": round(run["seconds"], 1)}
    value = record | {"adapter": digest} | manifest.outcome(request, losses, step, timing)
    return Adapter(target, digest, request.base_digest, manifest.write(request.output, value))


def _run(request: TrainRequest, resolved: Config, run: dict[str, Any], on_progress: Callable[[Progress], None]) -> None:
    """One attempt; what it took is remembered, however it ends."""
    output, checkpoints = request.output, request.output / CHECKPOINTS
    folder.drop_half_checkpoints(checkpoints)
    (checkpoints / "trainer_state.json").unlink(missing_ok=True)
    write(resolved, output / "resolved.yaml")
    run["started"], run["exit_code"] = run["started"] or _now(), None
    folder.save_run(output, run)
    track = any(resolved.get(key) for key in ("use_wandb", "wandb_project", "use_comet", "comet_project_name"))
    began = time.monotonic()
    try:
        run["exit_code"] = process.run(
            # -P: a file in the project's folder must not stand in for a package of the same name.
            [sys.executable, "-P", "-m", CHILD, str(output / "resolved.yaml")],
            process.environment(os.environ, track),
            output / "train.log",
            checkpoints / "progress.jsonl",
            on_progress,
        )
    finally:
        run["seconds"] += time.monotonic() - began
        run["ended"] = _now()
        folder.save_run(output, run)


def _need_fingerprint(request: TrainRequest, adapter: Adapter, on_progress: Callable[[Progress], None]) -> None:
    """The manifest gets the adapter's fingerprint where it lacks one. Raises OutsideError."""
    if manifest.has_fingerprint(request.output):
        return
    on_progress(Progress("save"))
    out, log, saved = (request.output / name for name in (".fingerprint.json", "train.log", CHECKPOINTS))
    # Axolotl saves the tokenizer with the chat template that it trained with.
    tokenizer = saved if (saved / "tokenizer_config.json").is_file() else request.base_model
    folders = [str(path) for path in (request.base_model, tokenizer, adapter.folder)]
    code = process.run(
        [sys.executable, "-P", "-m", FINGERPRINT, *folders, str(out)],
        process.environment(os.environ, track=False),
        log,
        saved / "progress.jsonl",
        lambda news: None,
    )
    if code != 0:
        raise OutsideError(_failure(f"The adapter is trained, but its fingerprint failed with exit code {code}.", log))
    manifest.add_fingerprint(request.output, out)


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
        raise OutsideError(_failure(f"Training failed: {why}.", log))
    return losses


def _failure(sentence: str, log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    # Progress bars overwrite themselves with carriage returns.
    lines = [line for line in text.replace("\r", "\n").splitlines() if line.strip() and "it/s]" not in line]
    shown = "\n".join(f"  {line[:200]}" for line in lines[-LOG_LINES:])
    return f"{sentence} The whole log: {log}\n{shown}".rstrip()


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
