"""What trackers know already, so that nothing is told twice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from harness.core.json_files import json_object
from harness.trainers.tracking.places import Place

DONE = "tracked.json"


@dataclass(frozen=True, slots=True)
class Told:
    """Which places know the whole of which training, in a file of the training's folder."""

    path: Path

    def has(self, place: Place, key: str) -> bool:
        """Whether this very training was told there."""
        return self._read().get(place.id) == key

    def add(self, place: Place, key: str) -> None:
        """Remember it."""
        self.path.write_text(json.dumps({**self._read(), place.id: key}), encoding="utf-8")

    def _read(self) -> dict[str, str]:
        return json_object(self.path)
