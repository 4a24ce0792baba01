from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness import base_models
from harness.core.versions import PROMOTE, Version
from harness.pipeline.candidate import adapter_digest
from harness.pipeline.registry.artefacts import keep
from harness.pipeline.registry.moving import move
from harness.pipeline.registry.read import registry
from harness.store.registry import add_version
from tests.pipeline.release_project import Project, make_project
from tests.tgi_stub import Stub, running
from tests.weights import adapter_file

SHIFTS = {"version-1": 0.3, "version-2": 0.6}
TOLERATE = {"errors": 0.1, "latency": 2.0, "format": 0.1, "length": 0.25}


@pytest.fixture
def stub() -> Iterator[Stub]:
    with running(Stub(answer=lambda _, adapter: str(adapter), shifts=dict(SHIFTS))) as found:
        yield found


@pytest.fixture
def project(tmp_path: Path, stub: Stub) -> Project:
    """v1 is in production, v2 is a canary at half of the traffic."""
    found = make_project(tmp_path, stub.url, 6)
    found.release["route"] = {"port": 0, "timeout": "0.5s"}
    found.release["canary"] = {"share": 0.4, "steps": [0.5], "requests": 30, "tolerate": TOLERATE}
    found.write()
    base = base_models.resolve("base", found.state.models, None, tmp_path)
    for number in (1, 2):
        found.weights.write_bytes(adapter_file(str(number)))
        digest = adapter_digest(found.weights.parent, "release.yaml")
        keep(found.state, found.weights.parent, digest)
        add_version(found.state.versions, Version(number, "r", digest, base.digest, "d" * 64, "now"))
    moved(found, 1, "production")
    moved(found, 2, "canary", share=0.4)
    return found


def moved(project: Project, number: int, stage: str, why: str = PROMOTE, **more: Any) -> None:
    version = registry(project.state, "r").version(number)
    assert version
    move(project.state, version, stage, why, **more)


def stage(project: Project, number: int) -> str:
    return registry(project.state, "r").stage_of(number)


def line(side: str = "production", at: float = 0.0, **more: Any) -> dict[str, Any]:
    """One line of the log, `at` seconds from now."""
    version = "v2" if side == "canary" else "v1"
    return {
        "time": time.time() + at,
        "side": side,
        "version": version,
        "status": 200,
        "seconds": 0.1,
        "chars": 9,
        **more,
    }


def lines(count: int, side: str, at: float = 0.0, **more: Any) -> list[dict[str, Any]]:
    return [line(side, at, **more) for _ in range(count)]


def write(project: Project, *groups: list[dict[str, Any]], end: str = "\n") -> None:
    """Lines into the files of their days."""
    project.state.traffic_of("r").mkdir(parents=True, exist_ok=True)
    for one in itertools.chain(*groups):
        path = project.state.traffic_of("r") / f"{datetime.fromtimestamp(one['time'], UTC).date()}.jsonl"
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(one) + end)


def backdate(project: Project, seconds: float) -> None:
    """The registry as if all was moved so long ago."""
    rows = [json.loads(row) for row in project.state.moves.read_text().splitlines()]
    for row in rows:
        row["time"] = datetime.fromtimestamp(time.time() - seconds, UTC).isoformat(timespec="seconds")
    project.state.moves.write_text("".join(json.dumps(row) + "\n" for row in rows))
