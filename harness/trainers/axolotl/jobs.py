"""What a launcher is asked to run for a training: the training itself, and the fingerprint of its adapter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from harness import catalog
from harness.core.errors import OutsideError
from harness.core.ids import digest_file
from harness.core.trainings import LauncherSpec
from harness.launchers.interface import Job, Launcher, Look, Place
from harness.trainers.axolotl.progress import ProgressFile
from harness.trainers.axolotl.resolve import CHECKPOINTS
from harness.trainers.interface import Adapter, Progress, TrainRequest

CHILD = "harness.trainers.axolotl.child"
FINGERPRINT = "harness.trainers.axolotl.fingerprint"
FINGERPRINT_FILE = ".fingerprint.json"
RESOLVED = "resolved.yaml"
PROGRESS = f"{CHECKPOINTS}/progress.jsonl"
TRACKERS = ("use_wandb", "wandb_project", "use_comet", "comet_project_name", "use_mlflow", "mlflow_tracking_uri")


def launcher_of(spec: LauncherSpec) -> Launcher:
    """The launcher that a release names."""
    found: Launcher = catalog.build("launchers", spec.kind, spec.arguments)
    return found


def train(
    request: TrainRequest, key: str, resolved: Mapping[str, object], on_progress: Callable[[Progress], None]
) -> int:
    """The exit code of one attempt at the run with this key, by the config in `resolved.yaml`.

    Raises OutsideError where it can't be launched, or where another number of processes trains than was asked for.
    """
    output = request.output.resolve()
    launcher = launcher_of(request.launcher)
    place = launcher.place()
    reads = {request.base_model.resolve(): request.base_digest}
    reads |= {path.resolve(): digest_file(path) for path in (request.data, request.validation) if path}
    job = Job(
        module=CHILD,
        arguments=(str(output / RESOLVED), str(place.processes)),
        reads=reads,
        folder=output,
        starts_with=(RESOLVED,),
        leaves=(CHECKPOINTS,),
        log=output / "train.log",
        key=key,
        progress=output / PROGRESS,
        config=output / RESOLVED,
        online=any(resolved.get(key) for key in TRACKERS),
    )
    reader = ProgressFile(output / PROGRESS)
    on_progress(Progress("prepare"))
    code = _run(launcher, job, _looking(reader, place, on_progress))
    if code == 0 and place.workers > 1:
        _need_workers(reader, place)
    return code


def fingerprint(request: TrainRequest, adapter: Adapter) -> tuple[int, Path]:
    """The exit code, and the file with the adapter's fingerprint. The base model is where the launcher is."""
    output = request.output.resolve()
    base, saved = request.base_model.resolve(), output / CHECKPOINTS
    weights = adapter.folder.resolve()
    # Axolotl saves the tokenizer with the chat template that it trained with.
    own = (saved / "tokenizer_config.json").is_file()
    kept = [path for path in saved.iterdir() if path.suffix in (".json", ".jinja", ".model", ".txt")] if own else []
    job = Job(
        module=FINGERPRINT,
        arguments=(str(base), str(saved if own else base), str(weights), str(output / FINGERPRINT_FILE)),
        reads={base: request.base_digest},
        folder=output,
        starts_with=tuple(str(path.relative_to(output)) for path in (weights, *sorted(kept))),
        leaves=(FINGERPRINT_FILE,),
        log=output / "train.log",
        key=adapter.digest,
    )
    return _run(launcher_of(request.launcher), job, lambda: None), output / FINGERPRINT_FILE


def _run(launcher: Launcher, job: Job, look: Look) -> int:
    lacking = launcher.check()
    if lacking:
        raise OutsideError("\n".join(str(problem) for problem in lacking))
    return launcher.run(job, look)


def _looking(reader: ProgressFile, place: Place, on_progress: Callable[[Progress], None]) -> Look:
    def look() -> None:
        for news in reader.news():
            if reader.world_size is not None:
                _need_workers(reader, place)
            on_progress(news)

    return look


def _need_workers(reader: ProgressFile, place: Place) -> None:
    """A launcher that quietly starts fewer processes trains with other steps than were asked for."""
    if reader.world_size != place.workers:
        told = "nothing tells how many" if reader.world_size is None else f"{reader.world_size}"
        raise OutsideError(f"{place.workers} processes were to train together, and {told} did.")
