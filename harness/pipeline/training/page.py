"""Pages about trainings: of a release's experiments, and of a training that failed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.core.releases import Release
from harness.pipeline.report import templates_of
from harness.pipeline.workspace import Workspace
from harness.report.experiments.page import build_experiments, build_failure
from harness.report.experiments.view import Compared
from harness.report.render import render_page
from harness.store.files import refused, write_lines
from harness.trainers.interface import TrainRequest

TEMPLATE = "experiments.html"


def write_page(release: Release, compared: Compared) -> Path:
    """The experiments' page, reports/<release>/experiments.html. Raises ConfigError, OutsideError."""
    page = render_page(TEMPLATE, build_experiments(compared), templates_of(release))
    return _written(Workspace(release.root).reports(release.name) / "experiments.html", page)


def write_failure(request: TrainRequest, told: Mapping[str, object]) -> Path:
    """The curve of a training that failed, training.html in its own folder; `told` is what it left."""
    sentence = "This training failed. Its losses are shown as far as it came."
    view = build_failure(request.name or request.config.name, told, sentence)
    return _written(request.output / "training.html", render_page(TEMPLATE, view))


def _written(file: Path, page: str) -> Path:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(file.parent, error) from None
    write_lines(file, [page.encode()])
    return file
