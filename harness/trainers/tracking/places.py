"""Where a training is told to: a tracker, how its child is started, and what it has to know."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import OutsideError
from harness.core.samples import Json
from harness.core.trainings import Track

# No telemetry; and a server that is away is given up quickly. MLflow reads DO_NOT_TRACK only where it is `true`.
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "false",
    "WANDB_ERROR_REPORTING": "false",
    "WANDB_SILENT": "true",
    "DO_NOT_TRACK": "1",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A tracker: its name for people, its package, the child's module, and the first line that the child reads."""

    title: str
    package: str
    module: str
    head: Mapping[str, Json]

    @property
    def id(self) -> str:
        """The same for the same server and experiment."""
        return " ".join([self.package, *(str(self.head[key]) for key in sorted(self.head) if key != "folder")])


def places(track: Track, folder: Path) -> list[Place]:
    """All trackers that are asked for. `folder` is for the files of an offline run.

    Raises OutsideError where a package is missing.
    """
    found = []
    if track.mlflow_uri:
        head: dict[str, Json] = {"uri": track.mlflow_uri, "experiment": track.experiment}
        found.append(Place(f"MLflow at {track.mlflow_uri}", "mlflow", f"{__package__}.to_mlflow", head))
    if track.wandb_mode:
        head = {"mode": track.wandb_mode, "project": track.project, "folder": str(folder)}
        found.append(Place("Weights & Biases", "wandb", f"{__package__}.to_wandb", head))
    for place in found:
        need(place.package)
    return found


def need(package: str) -> None:
    """Raises OutsideError where a tracker's package is not installed."""
    if importlib.util.find_spec(package) is None:
        raise OutsideError(
            f"release.yaml tracks trainings by {package}, which is not installed. "
            f"Run: pip install 'harness[{package}]', or take `track` out."
        )


def environment(outer: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment with its keys, made quiet. WANDB_MODE is left out: the release says the mode."""
    root = str(Path(__file__).resolve().parents[3])
    paths = os.pathsep.join([root, *filter(None, [outer.get("PYTHONPATH")])])
    kept = {key: value for key, value in outer.items() if key != "WANDB_MODE"}
    return {**kept, **QUIET, "PYTHONPATH": paths}
