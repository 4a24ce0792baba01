"""Make the candidate: fetch the base model, train whatever is not trained, choose where there are experiments."""

from __future__ import annotations

from harness import base_models
from harness.base_models import BaseModel
from harness.core.events import Event, Watch
from harness.core.releases import Release
from harness.pipeline.candidate import MANIFEST, Candidate, given, request_of, trained_in
from harness.pipeline.data.leaks import refuse_leaks
from harness.pipeline.training.experiments import chosen
from harness.pipeline.training.one import train_one
from harness.pipeline.workspace import Workspace


def candidate(release: Release, watch: Watch) -> Candidate:
    """Fetch the base model and train the adapter, whatever is not there yet.

    Of experiments the best one goes on. Raises OutsideError, ConfigError.
    """
    base = base_of(release, watch)
    training = release.candidate.training
    if training is None:
        return given(release, base.folder, base.digest)
    if release.experiments is not None:
        return chosen(release, base.folder, base.digest, watch)
    request = request_of(release, training, base.folder, base.digest)
    fresh = (request.output / MANIFEST).is_file()
    if not fresh:
        refuse_leaks(release)  # before the first second of training
    watch(Event("train", "begin", f"Axolotl, {training.axolotl.name}"))
    train_one(request, "train", watch)
    found = trained_in(request.output, base.folder, base.digest, release.file)
    watch(Event("train", "fresh" if fresh else "done", f"adapter {found.adapter_digest[:12]}"))
    return found


def base_of(release: Release, watch: Watch) -> BaseModel:
    """The base model on this disk, fetched where it is not. Raises OutsideError, ConfigError."""
    watch(Event("base model", "begin", release.candidate.base_model))
    base = base_models.resolve(
        release.candidate.base_model,
        Workspace(release.root).models,
        lambda text: watch(Event("base model", "move", text)),
        release.root,
        release.home,
    )
    watch(Event("base model", "done", f"{base.spec} {base.digest[:12]}"))
    return base
