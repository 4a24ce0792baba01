"""What the pipeline asks of a trainer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from harness.config.source import Elsewhere
from harness.core.errors import OutsideError, Problem
from harness.core.samples import Json
from harness.core.trainings import LauncherSpec, Track

# Keys of a trainer's config with their values, and where each is declared (None: nobody knows).
Settings = Mapping[str, tuple[Json, Elsewhere | None]]
NO_SETTINGS: Settings = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """All that a training run depends on.

    `data` and `validation` are JSON Lines of chat rows (`{"messages": [{"role", "content"}, ...]}`).
    `output` is this run's own folder; everything the run leaves is in it. `settings` are keys of the config that stand
    in the place of the file's own. With `checkpoints` the adapter of every checkpoint is kept, each in a folder
    `output/adapters/step-N` that looks like a training's own: `adapter/` and its manifest. `track` tells the run to a
    tracking server; `name` is what it is called there.
    """

    config: Path
    base_model: Path
    base_digest: str
    data: Path
    validation: Path | None
    output: Path
    seed: int = 42
    settings: Mapping[str, Json] = field(default_factory=dict)
    launcher: LauncherSpec = field(default_factory=LauncherSpec)
    checkpoints: bool = False
    track: Track | None = None
    name: str = ""


class LearnedNothing(OutsideError):
    """A training came to its end, and nothing was learned: it would end so again."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training run is: `phase` is one of prepare, train, save. Losses are nats per token."""

    phase: str
    step: int = 0
    steps: int = 0
    loss: float | None = None
    validation_loss: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Adapter:
    """A trained adapter on disk, told apart by its bytes (SHA-256 of adapter_model.safetensors)."""

    folder: Path
    digest: str
    base_digest: str
    manifest: Path


class Trainer(Protocol):
    """A way to train. `check` is cheap and needs none of the trainer's own packages."""

    def check(self, config: Path, shown_as: str, settings: Settings = NO_SETTINGS) -> list[Problem]:
        """Every problem of the trainer's own config file, with `settings` in the place of its own keys."""
        ...

    def train(self, request: TrainRequest, on_progress: Callable[[Progress], None]) -> Adapter:
        """Train, or go on with a run that was interrupted. Raises OutsideError where the run failed."""
        ...
