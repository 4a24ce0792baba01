"""How a candidate's adapter is trained: rows, config, place, and the experiments among which it is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.samples import Json

VALIDATION_LOSS = "validation_loss"


@dataclass(frozen=True, slots=True)
class LauncherSpec:
    """Where a training runs: a launcher plug and its arguments."""

    kind: str = "process"
    arguments: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Track:
    """Where a training is told to. `mlflow_uri` None: not to MLflow; `wandb_mode` None: not to Weights & Biases.

    `experiment` is MLflow's experiment, `project` the project of Weights & Biases.
    """

    mlflow_uri: str | None = None
    experiment: str = ""
    wandb_mode: str | None = None
    project: str = ""


@dataclass(frozen=True, slots=True)
class Training:
    """Train the candidate's adapter: chat rows for Axolotl, and its config.

    `settings` are keys of the Axolotl config that stand in the place of the file's own.
    """

    axolotl: Path
    data: Path
    validation: Path | None
    launcher: LauncherSpec = field(default_factory=LauncherSpec)
    track: Track | None = None
    settings: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Experiment:
    """One of several trainings, with the name that people know it by."""

    name: str
    training: Training
