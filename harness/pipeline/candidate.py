"""The model under judgement, as bytes on this disk: the base model, and its adapter, trained where that is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from harness import base_models
from harness.core.errors import ConfigError, OutsideError, Problem
from harness.core.events import Event, Watch
from harness.core.ids import digest_file, digest_json
from harness.core.releases import Release
from harness.core.trainings import Training
from harness.pipeline.data.leaks import refuse_leaks
from harness.pipeline.workspace import Workspace
from harness.trainers.interface import Progress, TrainRequest


@dataclass(frozen=True, slots=True)
class Candidate:
    """Base and adapter with their digests; `manifest` is what the training left (None for a given adapter)."""

    base: Path
    base_digest: str
    adapter: Path
    adapter_digest: str
    manifest: Path | None


def candidate(release: Release, watch: Watch) -> Candidate:
    """Fetch the base model and train the adapter, whatever is not there yet. Raises OutsideError, ConfigError."""
    workspace = Workspace(release.root)
    watch(Event("base model", "begin", release.candidate.base_model))
    base = base_models.resolve(
        release.candidate.base_model,
        workspace.models,
        lambda text: watch(Event("base model", "move", text)),
        release.root,
    )
    watch(Event("base model", "done", f"{base.spec} {base.digest[:12]}"))
    training = release.candidate.training
    if training is None:
        folder = release.candidate.adapter
        assert folder is not None
        return Candidate(base.folder, base.digest, folder, adapter_digest(folder, release.file), None)
    from harness.trainers.axolotl import AxolotlTrainer

    request = _request(release, training, base.folder, base.digest, workspace)
    fresh = (request.output / "manifest.json").is_file()
    if not fresh:
        refuse_leaks(release)  # before the first second of training
    watch(Event("train", "begin", f"Axolotl, {training.axolotl.name}"))
    adapter = AxolotlTrainer().train(request, lambda progress: watch(_event(progress)))
    digest = adapter_digest(adapter.folder, release.file)
    watch(Event("train", "fresh" if fresh else "done", f"adapter {digest[:12]}"))
    return Candidate(base.folder, base.digest, adapter.folder, digest, adapter.manifest)


def adapter_digest(folder: Path, file: str) -> str:
    """The digest of an adapter: its weights, and how they are to be applied (rank, alpha, modules).

    Where its base model lay when it was trained does not count. Raises ConfigError for an adapter that is not whole.
    """
    weights, config = folder / "adapter_model.safetensors", folder / "adapter_config.json"
    missing = [path.name for path in (weights, config) if not path.is_file()]
    if missing:
        message = f"the adapter folder '{folder.name}' lacks {' and '.join(missing)}."
        raise ConfigError(Problem(message, file=file, hint="Only safetensors adapters are served."))
    try:
        settings = dict(json.loads(config.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise ConfigError(Problem(f"{folder.name}/{config.name} is not a JSON object.", file=file)) from None
    settings.pop("base_model_name_or_path", None)
    return digest_json({"weights": digest_file(weights), "settings": settings})


def is_trained(release: Release) -> bool:
    """Whether the adapter is there, so that `candidate` would start no training."""
    if release.candidate.training is None:
        return True
    base = base_models.resolve(release.candidate.base_model, Workspace(release.root).models, None, release.root)
    request = _request(release, release.candidate.training, base.folder, base.digest, Workspace(release.root))
    return (request.output / "manifest.json").is_file()


def on_disk(release: Release) -> Candidate:
    """The candidate as it lies here: nothing is fetched or trained. Raises ConfigError where it is not here yet."""
    workspace = Workspace(release.root)
    base = base_models.resolve(release.candidate.base_model, workspace.models, _only_hash, release.root)
    if release.candidate.training is None:
        assert release.candidate.adapter is not None
        folder, manifest = release.candidate.adapter, None
    else:
        output = _request(release, release.candidate.training, base.folder, base.digest, workspace).output
        folder, manifest = output / "adapter", output / "manifest.json"
        if not manifest.is_file():
            raise ConfigError("the candidate's adapter was not trained yet: run `harness run` first.")
    return Candidate(base.folder, base.digest, folder, adapter_digest(folder, release.file), manifest)


def foreseen(release: Release) -> Candidate:
    """The candidate as far as it is known before anything is fetched or trained: a digest of what is not here is ""."""
    workspace, training = Workspace(release.root), release.candidate.training
    try:
        base = base_models.resolve(release.candidate.base_model, workspace.models, _only_hash, release.root)
    except (ConfigError, OutsideError):  # that it can't be had is told when it is wanted
        return Candidate(workspace.models, "", workspace.models, "", None)
    if training is None:
        assert release.candidate.adapter is not None
        folder = release.candidate.adapter
        return Candidate(base.folder, base.digest, folder, adapter_digest(folder, release.file), None)
    output = _request(release, training, base.folder, base.digest, workspace).output
    trained = (output / "manifest.json").is_file()
    digest = adapter_digest(output / "adapter", release.file) if trained else ""
    return Candidate(base.folder, base.digest, output / "adapter", digest, output / "manifest.json")


def _only_hash(step: str) -> None:
    if not step.startswith("hashing"):
        raise ConfigError("the base model is not here yet: run `harness run` first.")


def training_record(candidate: Candidate) -> dict[str, object] | None:
    """What the training left about itself."""
    return json.loads(candidate.manifest.read_text(encoding="utf-8")) if candidate.manifest else None


def _request(release: Release, training: Training, base: Path, digest: str, workspace: Workspace) -> TrainRequest:
    files = [path for path in (training.axolotl, training.data, training.validation) if path]
    key = digest_json({"base": digest, "seed": release.seed, "files": [digest_file(path) for path in files]})
    return TrainRequest(
        config=training.axolotl,
        base_model=base,
        base_digest=digest,
        data=training.data,
        validation=training.validation,
        output=workspace.training(key),
        seed=release.seed,
    )


def _event(progress: Progress) -> Event:
    parts = [progress.phase]
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.3f}")
    if progress.validation_loss is not None:
        parts.append(f"validation {progress.validation_loss:.3f}")
    return Event("train", "move", ", ".join(parts), progress.step, progress.steps, progress.seconds_left)
