"""The keys of `candidate.train`: rows, config, launcher and trackers."""

from __future__ import annotations

from pathlib import Path

from harness.config.schema import LauncherFile, ReleaseFile, TrackFile, TrainFile
from harness.config.source import Source
from harness.core.errors import Problem
from harness.core.trainings import LauncherSpec, Track, Training

LAUNCHERS = ("process", "docker", "ssh", "ray", "axolotl_cloud")


def training_of(root: Path, release: str, file: TrainFile) -> Training:
    """The training of the candidate's adapter, its paths below `root`."""
    return Training(
        axolotl=root / file.axolotl,
        data=root / file.data,
        validation=root / file.validation if file.validation else None,
        launcher=_launcher(root, file.launcher),
        track=_track(release, file.track) if file.track else None,
    )


def launcher_problems(root: Path, parsed: ReleaseFile, source: Source) -> list[Problem]:
    """Two launchers or none, and a cloud config that is not there."""
    train = parsed.candidate.train
    if train is None:
        return []
    at = ("candidate", "train", "launcher")
    named = [kind for kind in LAUNCHERS if getattr(train.launcher, kind)]
    if len(named) != 1:
        said = f"names {' and '.join(named)}; keep one" if named else "names no launcher"
        return [source.problem(at, f"'launcher' {said}.")]
    cloud = train.launcher.axolotl_cloud
    if cloud and not (root / cloud.config).is_file():
        where = (*at, "axolotl-cloud", "config")
        return [source.problem(where, f"the file '{cloud.config}' does not exist.")]
    return []


def _launcher(root: Path, file: LauncherFile) -> LauncherSpec:
    kind = next((kind for kind in LAUNCHERS if getattr(file, kind)), "process")
    given = getattr(file, kind)
    arguments = given.model_dump() if given else {}
    if kind == "axolotl_cloud":
        arguments["config"] = str(root / arguments["config"])
    return LauncherSpec(kind, arguments)


def _track(release: str, file: TrackFile) -> Track:
    mlflow, wandb = file.mlflow, file.wandb
    return Track(
        mlflow_uri=mlflow.uri if mlflow else None,
        experiment=(mlflow.experiment if mlflow else None) or release,
        wandb_mode=wandb.mode if wandb else None,
        project=(wandb.project if wandb else None) or release,
    )
