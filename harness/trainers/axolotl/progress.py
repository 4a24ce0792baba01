"""Reads what the training process appends to its progress file."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from statistics import median
from typing import Any

from harness.trainers.interface import Progress

RECENT, FEWEST = 20, 3  # steps that tell how long the rest takes


class ProgressFile:
    """A JSON Lines file that grows; what stood in it before is skipped.

    `world_size` is how many processes train together, once one has said so.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = path.stat().st_size if path.is_file() else 0
        self.seconds: deque[float] = deque(maxlen=RECENT)
        self.last: tuple[int, float] | None = None
        self.losses: dict[str, float] = {}
        self.world_size: int | None = None

    def news(self) -> list[Progress]:
        """One Progress for each line written since the last call."""
        return [self._progress(json.loads(line)) for line in self._new_lines()]

    def _new_lines(self) -> list[bytes]:
        """Whole lines only: one that is still being written waits for the next call."""
        if not self.path.is_file():
            return []
        with self.path.open("rb") as file:
            file.seek(self.offset)
            whole, newline, _ = file.read().rpartition(b"\n")
        self.offset += len(whole) + len(newline)
        return whole.splitlines()

    def _progress(self, line: dict[str, Any]) -> Progress:
        self.world_size = line.get("world_size", self.world_size)
        self.losses |= {name: line[name] for name in ("loss", "validation_loss") if name in line}
        self._note_pace(line["step"], line["time"])
        pace = median(self.seconds) if len(self.seconds) >= FEWEST else None
        return Progress(
            line["phase"],
            line["step"],
            line["steps"],
            **self.losses,
            seconds_left=pace * (line["steps"] - line["step"]) if pace is not None else None,
        )

    def _note_pace(self, step: int, time: float) -> None:
        """The median of recent steps: the first ones also compute what later ones find done, and some validate."""
        if self.last is None or step < self.last[0]:
            self.last = step, time
        elif step > self.last[0]:
            self.seconds.append((time - self.last[1]) / (step - self.last[0]))
            self.last = step, time
