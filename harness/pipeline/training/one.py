"""One training, told step by step; where it fails, its curve stays behind as a page."""

from __future__ import annotations

from harness.core.errors import OutsideError
from harness.core.events import Event, Watch
from harness.pipeline.training.page import write_failure
from harness.trainers.axolotl import AxolotlTrainer, failure
from harness.trainers.interface import Adapter, LearnedNothing, Progress, TrainRequest
from harness.trainers.tracking.train import train


def train_one(request: TrainRequest, step: str, watch: Watch) -> Adapter:
    """The adapter of a training, trained now where it is not yet; `step` is what its events are called.

    A failure names the page with its losses, where there are any. Raises OutsideError, LearnedNothing, ConfigError.
    """
    try:
        return train(
            AxolotlTrainer(),
            request,
            on_progress=lambda progress: watch(event_of(progress, step)),
            warn=lambda text: watch(Event(step, "note", text)),
        )
    except OutsideError as error:
        told = failure.told(request.output, str(error))
        if told is None:
            raise
        kind = LearnedNothing if isinstance(error, LearnedNothing) else OutsideError
        raise kind(f"{error}\nIts losses are drawn in {write_failure(request, told)}") from None


def event_of(progress: Progress, step: str) -> Event:
    """Where a training is, for whoever watches."""
    parts = [progress.phase]
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.3f}")
    if progress.validation_loss is not None:
        parts.append(f"validation {progress.validation_loss:.3f}")
    return Event(step, "move", ", ".join(parts), progress.step, progress.steps, progress.seconds_left)
