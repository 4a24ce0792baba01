"""Records to edit, and what `harness verify` says of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.pipeline.judging.judge import decision_id
from harness.report.record import from_json
from tests.pipeline.release_project import Project

Said = Callable[..., tuple[int, str]]


def record_file(project: Project) -> Path:
    """The newest decision.json."""
    return project.state.reports("r") / "decision.json"


def edit(project: Project, change: Callable[[dict[str, Any]], object], seal: bool = False) -> None:
    """Change the record; with `seal` give it the id that follows from what it then says."""
    record = project.record
    change(record)
    if seal:
        old, record["id"] = record["id"], decision_id(from_json(record))
        shutil.copy(project.state.declaration(old), project.state.declaration(record["id"]))
    record_file(project).write_text(json.dumps(record))


def to_fail(record: dict[str, Any]) -> None:
    record["results"][0]["verdict"] = "FAIL"
