"""A decision on a trained adapter is told to the MLflow run of its training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from harness.core.samples import Json
from harness.core.trainings import Track
from harness.trainers.tracking.places import places
from harness.trainers.tracking.teller import Teller, Warn
from harness.trainers.tracking.told import DONE, Told


def tell_judged(
    track: Track, home: Path, decision: str, metrics: Mapping[str, float], tags: Mapping[str, str], warn: Warn
) -> None:
    """Metrics and tags of a decision, once. `home` is the training's folder; `warn` is told where it did not work.

    Raises OutsideError for a missing package.
    """
    told = Told(home / DONE)
    for place in places(replace(track, wandb_mode=None), home):
        about = replace(place, title=f"{place.title} (the decision)", head={**place.head, "of": "decision"})
        if told.has(about, decision):
            continue
        run: dict[str, Json] = {"training": home.name, "name": home.name}
        teller = Teller(about, run, home / f"{place.package}-decision.log", warn)
        line: dict[str, Json] = {"metrics": dict(metrics), "tags": dict(tags)}
        if teller.end(line, {"status": "finished"}):
            told.add(about, decision)
