"""`harness experiments`: whatever is missing is done, then all of it stands side by side."""

from __future__ import annotations

from pathlib import Path

from harness.core.errors import OutsideError
from harness.core.events import Watch
from harness.core.releases import Release
from harness.pipeline.candidate import choice_file
from harness.pipeline.chosen import read_choice
from harness.pipeline.training.make import candidate
from harness.pipeline.training.page import write_page
from harness.pipeline.training.table import compare
from harness.report.experiments.view import Compared


def experiments(release: Release, watch: Watch) -> tuple[Compared, Path]:
    """The table of a release's experiments, and its page. Raises OutsideError, ConfigError."""
    made = candidate(release, watch)
    choice = read_choice(choice_file(release, made.base, made.base_digest))
    if choice is None:
        raise OutsideError("what was chosen could not be read back: is the disk full?")
    compared = compare(release, choice.trained, choice.failed, choice.warnings)
    return compared, write_page(release, compared)
