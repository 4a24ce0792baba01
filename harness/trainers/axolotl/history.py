"""The losses of a run: whether it learned at all, and which checkpoint is best."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

# A loss that rises by less than this share is the noise of small validation sets.
NOISE = 0.02
# A loss that falls by less than this share of itself has not fallen.
LEAST = 0.001


@dataclass(frozen=True, slots=True)
class Point:
    """A mean loss in nats per token, after `step` updates and `epoch` passes over the rows."""

    step: int
    epoch: float
    loss: float


@dataclass(frozen=True, slots=True)
class History:
    """Training and validation losses, by step.

    `broken` says where a number was not finite; `tokens` counts all that were seen, padding too. `gradients` are
    norms. `planned` is the last step that there was to be, None where nobody said.
    """

    training: tuple[Point, ...]
    validation: tuple[Point, ...]
    broken: str | None
    tokens: int | None
    gradients: tuple[Point, ...] = ()
    planned: int | None = None

    @property
    def stopped_early(self) -> bool:
        """Whether the run ended well before its last step."""
        return bool(self.planned and self.training and self.training[-1].step < self.planned)

    @property
    def best(self) -> Point | None:
        """The first point of lowest validation loss after at least one update."""
        trained = [point for point in self.validation if point.step > 0]
        return min(trained, key=lambda point: point.loss, default=None)

    def as_json(self) -> list[dict[str, float]]:
        """As the manifest holds it, in the order of the steps."""
        rows = [(point, "loss") for point in self.training]
        rows += [(point, "validation_loss") for point in self.validation]
        rows.sort(key=lambda row: (row[0].step, row[1]))
        return [{"step": point.step, "epoch": point.epoch, name: point.loss} for point, name in rows]


def read(state: Path) -> History:
    """The history in a trainer_state.json. Raises OSError or ValueError where it is not whole."""
    stored = json.loads(state.read_text(encoding="utf-8"))
    rows: list[Mapping[str, Any]] = stored["log_history"]
    tokens = max((int(row.get("tokens/total", 0)) for row in rows), default=0)
    planned = int(stored.get("max_steps") or 0)
    return History(
        _points(rows, "loss"), _points(rows, "eval_loss"), _broken(rows), tokens or None,
        _points(rows, "grad_norm"), planned or None,
    )  # fmt: skip


def _points(rows: Iterable[Mapping[str, Any]], name: str) -> tuple[Point, ...]:
    """One point a step: a resumed run logs its first evaluation again, and the later one counts."""
    found = {
        int(row["step"]): Point(int(row["step"]), round(float(row["epoch"]), 6), float(row[name]))
        for row in rows
        if name in row and "step" in row and math.isfinite(float(row[name]))
    }
    return tuple(found[step] for step in sorted(found))


def _broken(rows: Iterable[Mapping[str, Any]]) -> str | None:
    words = {"loss": "training loss", "eval_loss": "validation loss", "grad_norm": "gradient"}
    for row in rows:
        for name, word in words.items():
            if name in row and not math.isfinite(float(row[name])):
                return f"the {word} is not a finite number at step {row['step']}"
    return None


def why_failed(history: History, validated: bool) -> str | None:
    """Why this run must not count as trained, in one clause; None where it learned.

    `validated`: rows to validate on were given. The validation loss decides where it is known from before the first
    update; else the training loss.
    """
    if history.broken:
        return f"{history.broken}; a lower learning_rate, a longer warm-up or a lower max_grad_norm would help"
    if not history.training:
        return "no training loss was logged"
    before, best = _at_start(history), history.best
    if validated and not best:
        return "no validation loss was logged, though there are rows to validate on"
    if before and best:
        if best.loss >= before.loss * (1 - LEAST):
            return (
                f"the validation loss did not fall: {before.loss:.4f} before training, "
                f"{best.loss:.4f} at best (step {best.step}){_why_not(history)}"
            )
        return None
    start, end = ends(history.training)
    if end >= start * (1 - LEAST):
        return f"the training loss did not fall: {start:.4f} at the start, {end:.4f} at the end{_why_not(history)}"
    return None


def _why_not(history: History) -> str:
    """What may be the matter where a loss did not fall."""
    start, end = ends(history.training)
    if end > start * (1 + NOISE):
        return "; the training loss rose, so the run diverged: a lower learning_rate would help"
    return "; a higher learning_rate or more steps may help, and the rows' answers are worth a look"


def _at_start(history: History) -> Point | None:
    return next((point for point in history.validation if point.step == 0), None)


def ends(points: tuple[Point, ...]) -> tuple[float, float]:
    """Medians of the first and the last fifth of at least one point: single batches are too noisy to compare."""
    count = max(1, len(points) // 5)
    losses = [point.loss for point in points]
    return median(losses[:count]), median(losses[-count:])
