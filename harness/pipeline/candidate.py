"""The model under judgement, as bytes on this disk: the base model, and its adapter. `training.make` makes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from harness import base_models
from harness.base_models import BaseModel, OnProgress
from harness.base_models.adapters import adapter_problems
from harness.core.errors import ConfigError, OutsideError, Problem
from harness.core.ids import digest_file, digest_json
from harness.core.releases import Release
from harness.core.samples import Json
from harness.core.trainings import LauncherSpec, Training
from harness.pipeline.chosen import choice_key, read_choice
from harness.pipeline.workspace import Workspace
from harness.trainers.interface import TrainRequest

# What a training leaves in its folder.
ADAPTER, MANIFEST = "adapter", "manifest.json"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Base and adapter with their digests; `manifest` is what the training left (None for a given adapter)."""

    base: Path
    base_digest: str
    adapter: Path
    adapter_digest: str
    manifest: Path | None


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
    """Whether the adapter is there, so that making the candidate would start no training."""
    if release.candidate.training is None:
        return True
    base = _base_of(release, None)
    home = home_of(release, base.folder, base.digest)
    return home is not None and (home / MANIFEST).is_file()


def on_disk(release: Release) -> Candidate:
    """The candidate as it lies here: nothing is fetched or trained. Raises ConfigError where it is not here yet."""
    base = _base_of(release, only_hash)
    if release.candidate.training is None:
        assert release.candidate.adapter is not None
        return given(release, base.folder, base.digest)
    home = home_of(release, base.folder, base.digest)
    if home is None or not (home / MANIFEST).is_file():
        raise ConfigError("the candidate's adapter was not trained yet: run `harness run` first.")
    return trained_in(home, base.folder, base.digest, release.file)


def foreseen(release: Release) -> Candidate:
    """The candidate as far as it is known before anything is fetched or trained: a digest of what is not here is ""."""
    workspace = Workspace(release.root)
    try:
        base = _base_of(release, only_hash)
    except (ConfigError, OutsideError):  # that it can't be had is told when it is wanted
        return Candidate(workspace.models, "", workspace.models, "", None)
    if release.candidate.training is None:
        return given(release, base.folder, base.digest)
    home = home_of(release, base.folder, base.digest)
    if home is None:  # which of the experiments it will be is not known
        return Candidate(base.folder, base.digest, workspace.state / "training", "", None)
    if (home / MANIFEST).is_file():
        return trained_in(home, base.folder, base.digest, release.file)
    return Candidate(base.folder, base.digest, home / ADAPTER, "", home / MANIFEST)


def given(release: Release, base: Path, base_digest: str) -> Candidate:
    """The candidate whose adapter the release gives. Raises ConfigError where it is not whole, or for another base."""
    folder = release.candidate.adapter
    assert folder is not None
    wrong = adapter_problems(folder, base, release.candidate.base_model)
    if wrong:
        raise ConfigError([Problem(f"the adapter '{folder.name}': {one}", file=release.file) for one in wrong])
    return Candidate(base, base_digest, folder, adapter_digest(folder, release.file), None)


def trained_in(home: Path, base: Path, base_digest: str, file: str) -> Candidate:
    """The candidate whose training left its adapter and its manifest in `home`."""
    return Candidate(base, base_digest, home / ADAPTER, adapter_digest(home / ADAPTER, file), home / MANIFEST)


def home_of(release: Release, base: Path, base_digest: str) -> Path | None:
    """The folder of the adapter and its manifest, there or not; None: nothing was chosen among the experiments yet."""
    workspace, training = Workspace(release.root), release.candidate.training
    assert training is not None
    if release.experiments is None:
        return request_of(release, training, base, base_digest).output
    choice = read_choice(choice_file(release, base, base_digest))
    return workspace.state / choice.winner.folder if choice else None


def choice_file(release: Release, base: Path, base_digest: str) -> Path:
    """Where it is kept what was chosen among the release's experiments, as they are declared now."""
    assert release.experiments is not None
    keys = [(name, one.output.name) for name, one in trainings_of(release, base, base_digest).items()]
    return Workspace(release.root).experiments(choice_key(keys, release.experiments, release.policy))


def _base_of(release: Release, on_progress: OnProgress | None) -> BaseModel:
    spec, models = release.candidate.base_model, Workspace(release.root).models
    return base_models.resolve(spec, models, on_progress, release.root, release.home)


def only_hash(step: str) -> None:
    """For `base_models.resolve`: raises ConfigError where the model would have to be fetched or converted."""
    if not step.startswith("hashing"):
        raise ConfigError("the base model is not here yet: run `harness run` first.")


def training_record(candidate: Candidate) -> dict[str, object] | None:
    """What the training left about itself."""
    return json.loads(candidate.manifest.read_text(encoding="utf-8")) if candidate.manifest else None


def warnings_of(candidate: Candidate) -> list[str]:
    """What its training warned of, in sentences."""
    told = (training_record(candidate) or {}).get("warnings")
    return [str(sentence) for sentence in told] if isinstance(told, list) else []


def trainings_of(release: Release, base: Path, base_digest: str) -> dict[str, TrainRequest]:
    """Every experiment's training, by its name."""
    found = release.experiments
    assert found is not None
    return {
        one.name: request_of(release, one.training, base, base_digest, found.checkpoints, one.name)
        for one in found.runs
    }


def request_of(
    release: Release, training: Training, base: Path, base_digest: str, checkpoints: bool = False, name: str = ""
) -> TrainRequest:
    """One training with its folder, which follows from all that it depends on; `name` is the experiment's.

    With `checkpoints` every checkpoint's adapter is kept. A seed among the settings stands in the place of the
    release's own.
    """
    files = [path for path in (training.axolotl, training.data, training.validation) if path]
    own = training.settings.get("seed")
    seed = own if isinstance(own, int) else release.seed
    key = {"base": base_digest, "seed": seed, "files": [digest_file(path) for path in files]}
    key |= {"settings": dict(training.settings)} if training.settings else {}
    key |= {"checkpoints": True} if checkpoints else {}
    launcher = _launcher_identity(training.launcher)
    key |= {"launcher": launcher} if launcher else {}
    return TrainRequest(
        config=training.axolotl,
        base_model=base,
        base_digest=base_digest,
        data=training.data,
        validation=training.validation,
        output=Workspace(release.root).training(digest_json(key)),
        seed=seed,
        settings=training.settings,
        launcher=training.launcher,
        checkpoints=checkpoints,
        track=training.track,
        name=" · ".join(filter(None, (release.name, name))),
    )


def _launcher_identity(spec: LauncherSpec) -> dict[str, Json]:
    """What of the launcher changes the adapter's bytes; {} for one process in this environment."""
    return {key: value for key in ("image", "processes", "workers") if (value := spec.arguments.get(key, 1)) != 1}
