"""The model under judgement, and how it is made."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from harness.config.schema.launchers import Launcher, LauncherFile, ProcessLauncherFile
from harness.config.schema.types import URL, File, Name

Setting = bool | int | float | str | None | list[bool | int | float | str]


class MlflowFile(File):
    """Tell a training to an MLflow server."""

    uri: str = Field(pattern=URL, description="The tracking server, without a password (MLFLOW_TRACKING_* hold it).")
    experiment: str | None = Field(None, description="The experiment's name there; default: the release's name.")


class WandbFile(File):
    """Tell a training to Weights & Biases."""

    project: str | None = Field(None, description="The project's name; default: the release's name.")
    mode: Literal["offline", "online"] = Field("offline", description="offline: files only, to be synced by hand.")


class TrackFile(File):
    """Where trainings are told to; nowhere by default."""

    mlflow: MlflowFile | None = None
    wandb: WandbFile | None = None


class TrainFile(File):
    """Train a LoRA adapter with Axolotl."""

    axolotl: str = Field(description="Path of an Axolotl config (axolotl_configs/lora.yaml).")
    data: str = Field(description='JSON Lines of chat rows: {"messages": [{"role": …, "content": …}, …]}.')
    validation: str | None = Field(None, description="Chat rows that choose the best checkpoint.")
    launcher: Launcher = Field(
        default_factory=lambda: LauncherFile(process=ProcessLauncherFile(processes=1)),
        description="Where it runs: process, docker, ssh, ray or axolotl-cloud.",
    )
    track: TrackFile | None = Field(None, description="MLflow or Weights & Biases; off by default.")


class CandidateFile(File):
    """The model under judgement: a base model with either `train` or `adapter`."""

    base_model: str = Field(description="demo:smollm2-135m-instruct, a folder, or org/name@<40-digit revision>.")
    train: TrainFile | None = Field(None, description="Train the adapter. Instead of `adapter`.")
    adapter: str | None = Field(None, description="Folder of a finished adapter. Instead of `train`.")


class ExperimentFile(File):
    """One training: what differs from `candidate.train`."""

    axolotl: str | None = Field(None, description="Another Axolotl config.")
    data: str | None = Field(None, description="Other rows (a curated subset).")
    set: dict[str, Setting] = Field(default_factory=dict, description="Keys of the Axolotl config: learning_rate, …")


class ExperimentsFile(File):
    """Several trainings, compared on validation data; the best one is the candidate."""

    runs: dict[Name, ExperimentFile] = Field(default_factory=dict, description="Trainings by name; {}: as it stands.")
    sweep: dict[str, Annotated[list[Setting], Field(min_length=1)]] = Field(
        default_factory=dict, description="Keys of the Axolotl config, each with its values: all combinations."
    )
    suites: list[str] = Field(default_factory=list, description="Suites on validation rows, never the release's own.")
    choose: str = Field("validation_loss", description="What decides: validation_loss, or a metric of `suites`.")
    checkpoints: Literal["best", "all"] = Field(
        "best", description="all: each checkpoint is compared by `choose`, not the one of best loss alone."
    )
