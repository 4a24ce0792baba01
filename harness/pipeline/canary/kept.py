"""What was found of canaries, on disk: the newest analysis of each step, and those on which something was done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.core.canaries import CanaryAnalysis
from harness.core.ids import short
from harness.pipeline.workspace import Workspace
from harness.store.files import write_lines


def keep(workspace: Workspace, found: CanaryAnalysis, *, done: bool = False) -> Path:
    """Write an analysis; with `done` under its digest, so that none takes its place. Raises OutsideError."""
    name = f"v{found.version}-{found.move}{f'-{short(found.digest)}' if done else ''}.json"
    path = workspace.canary / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_lines(path, [f"{json.dumps(found.as_json(), indent=1)}\n".encode()])
    return path


def analyses_of(workspace: Workspace, version: int) -> list[dict[str, Any]]:
    """What was found of a version while it was a canary, oldest first, each once. A file that is none is left out."""
    found: dict[str, dict[str, Any]] = {}
    for path in workspace.canary.glob(f"v{version}-*.json"):
        try:
            value = json.loads(path.read_bytes())
            found[str(value["digest"])] = {**value, "until": float(value["until"]), "outcome": str(value["outcome"])}
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return sorted(found.values(), key=lambda value: value["until"])
