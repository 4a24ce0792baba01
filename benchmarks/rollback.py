"""How long `harness rollback` takes, as a whole process: an adapter of the demo's size, its base known by its note."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from pathlib import Path

import yaml

from benchmarks.work import whole
from harness.base_models import resolve
from harness.core.versions import PRODUCTION, PROMOTE, ROLLBACK, Version
from harness.pipeline.candidate import adapter_digest
from harness.pipeline.judging.ids import record_id
from harness.pipeline.registry.artefacts import keep
from harness.pipeline.registry.moving import move
from harness.pipeline.registry.read import registry
from harness.pipeline.workspace import Workspace
from harness.store.registry import add_version

ADAPTER_MIB, BASE_MIB = 19, 512  # as the demo's


def measure(tries: int = 5) -> dict[str, float]:
    """Median of the seconds from the process's start to its end; every one verifies the adapter in full."""
    with tempfile.TemporaryDirectory() as folder:
        release = _project(Path(folder))
        return {"rollback_seconds": statistics.median(_rolled_back(release) for _ in range(tries))}


def _rolled_back(release: Path) -> float:
    """Seconds of one rollback from v2 to v1; then v2 is in production again."""
    seconds = whole("harness", "rollback", "-f", str(release)).seconds
    workspace = Workspace(release.parent)
    known = registry(workspace, "r")
    now = known.standing(PRODUCTION)
    if now is None or now.number != 1 or known.moves[-1].why != ROLLBACK:
        raise RuntimeError("the rollback did not bring v1 to production")
    move(workspace, known.versions[1], PRODUCTION, PROMOTE)
    return seconds


def _project(root: Path) -> Path:
    """Two versions that were in production one after the other."""
    workspace, release = Workspace(root), root / "release.yaml"
    release.write_text(yaml.safe_dump({"version": 1, "name": "r", "candidate": {"base_model": "base"}}))
    for name in ("base/config.json", "base/tokenizer.json", "adapter/adapter_config.json"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text('{"r": 16}')
    _weights(root / "base/model.safetensors", BASE_MIB)
    base = resolve("base", workspace.models, None, root).digest
    for number in (1, 2):
        _weights(root / "adapter/adapter_model.safetensors", ADAPTER_MIB)
        digest = adapter_digest(root / "adapter", "release.yaml")
        keep(workspace, root / "adapter", digest)
        version = Version(number, "r", digest, base, _decision(workspace, digest), "now", {}, {"base": "base"})
        add_version(workspace.versions, version)
        move(workspace, version, PRODUCTION, PROMOTE)
    return release


def _weights(path: Path, mebibytes: int) -> None:
    with path.open("wb") as file:
        file.write((2).to_bytes(8, "little") + b"{}")
        for _ in range(mebibytes):
            file.write(os.urandom(1 << 20))


def _decision(workspace: Workspace, adapter: str) -> str:
    """The id of a record that says PASS of the adapter."""
    record = {"id": "", "decided": "now", "verdict": "PASS", "results": [], "candidate": {"adapter_digest": adapter}}
    identity = record_id(record)
    path = workspace.decision(identity)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**record, "id": identity}))
    return identity
