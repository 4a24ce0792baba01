"""The losses of a training as lines for a tracker: each one once, as it comes, and at the end what never came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.core.samples import Json
from harness.trainers.interface import Progress

LOSSES = ("loss", "validation_loss")


@dataclass(slots=True)
class Curve:
    """Which losses were told. A progress repeats the last losses, so only a new value is a loss of its step."""

    _last: dict[str, float] = field(default_factory=dict)
    _told: set[tuple[int, str]] = field(default_factory=set)

    def news(self, progress: Progress) -> dict[str, Json] | None:
        """The line of a step; None where it brings no loss."""
        given = {"loss": progress.loss, "validation_loss": progress.validation_loss}
        new = {name: value for name, value in given.items() if value is not None and self._last.get(name) != value}
        self._last |= new
        self._told |= {(progress.step, name) for name in new}
        return {"step": progress.step, "metrics": dict(new)} if new else None

    def rest(self, history: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Json]]:
        """Lines for what of a manifest's history was not told: steps of an earlier attempt, and equal losses."""
        for entry in history:
            left = {name: entry[name] for name in LOSSES
                    if entry.get(name) is not None and (entry["step"], name) not in self._told}  # fmt: skip
            if left:
                yield {"step": entry["step"], "metrics": left}
