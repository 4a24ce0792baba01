"""Train, and tell it where that is asked. The training knows nothing of it, so its adapter is the same to the byte."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.core.samples import Json
from harness.core.secrets import masked
from harness.trainers.interface import Adapter, Progress, Trainer, TrainRequest
from harness.trainers.tracking.curve import Curve
from harness.trainers.tracking.places import Place, places
from harness.trainers.tracking.teller import Teller, Warn
from harness.trainers.tracking.told import DONE, Told

FAILED_PATIENCE = 5.0  # seconds, where somebody waits for an error to be told
NOT_TOLD = ("base_model", "output_dir", "dataset_prepared_path", "datasets", "test_datasets", "plugins")


def train(trainer: Trainer, request: TrainRequest, on_progress: Callable[[Progress], None], warn: Warn) -> Adapter:
    """What `trainer.train` gives and raises; `request.track` is told of it, and `warn` of what could not be told.

    A training that was finished before is told once, from its manifest. Raises OutsideError for a missing package.
    """
    if request.track is None:
        return trainer.train(request, on_progress)
    wanted = places(request.track, request.output)
    finished = (request.output / "manifest.json").is_file()
    live = [] if finished else [_begin(place, request, warn) for place in wanted]

    curve = Curve()

    def tell(progress: Progress) -> None:
        on_progress(progress)
        line = curve.news(progress)
        for teller in live if line else ():
            teller.say(line or {})

    try:
        adapter = trainer.train(request, tell)
    except BaseException:
        for teller in live:
            teller.end({"status": "failed"}, patience=FAILED_PATIENCE)
        raise
    begun = dict(zip((place.id for place in wanted), live, strict=False))
    for place in wanted:
        _tell_result(request, adapter, place, begun.get(place.id), curve, warn)
    return adapter


def _begin(place: Place, request: TrainRequest, warn: Warn) -> Teller:
    run: dict[str, Json] = {"training": request.output.name, "name": request.name or request.output.name}
    return Teller(place, run, request.output / f"{place.package}.log", warn)


def _tell_result(
    request: TrainRequest, adapter: Adapter, place: Place, teller: Teller | None, curve: Curve, warn: Warn
) -> None:
    """End what a live `teller` began; without one the whole training is told, where it was not told before."""
    told, record = Told(request.output / DONE), json.loads(adapter.manifest.read_text(encoding="utf-8"))
    if teller is None and told.has(place, record["key"]):
        return
    teller = teller or _begin(place, request, warn)
    if teller.end(*curve.rest(record["history"]), _result(request, record), {"status": "finished"}):
        told.add(place, record["key"])


def _result(request: TrainRequest, record: Mapping[str, Any]) -> dict[str, Json]:
    """Hyper-parameters, digests and what it took. No path and no row of the data."""
    numbers = ("wall_seconds", "energy_joules", "peak_memory_bytes", "tokens_trained", "best_step")
    last = max((int(entry["step"]) for entry in record["history"]), default=0)
    return {
        "step": last,
        "parameters": {**_parameters(request.output / "resolved.yaml"), "seed": record["seed"]},
        "metrics": {key: record[key] for key in numbers if record.get(key) is not None},
        "tags": {
            "harness.adapter": record["adapter"],
            **{f"harness.{name}": digest for name, digest in record["digests"].items() if digest},
            **{f"version.{name}": version for name, version in record["versions"].items() if version},
        },
    }


def _parameters(path: Path) -> dict[str, Json]:
    import yaml

    settings = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    kept = {key: value for key, value in settings.items() if key not in NOT_TOLD}
    numbers: dict[str, Json] = {key: value for key, value in kept.items() if isinstance(value, int | float)}
    texts = {key: value for key, value in kept.items() if isinstance(value, str) and not Path(value).is_absolute()}
    return numbers | {key: masked(value) for key, value in texts.items()}
