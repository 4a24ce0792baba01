from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.core.versions import Registry
from harness.pipeline.registry.read import registry
from tests.pipeline.release_project import Project, make_project
from tests.tgi_stub import Stub, running
from tests.weights import adapter_file


def weights(project: Project, text: str) -> None:
    """Other weights for the candidate's adapter."""
    project.weights.write_bytes(adapter_file(text))


def known(project: Project) -> Registry:
    return registry(project.state, "r")


def production(project: Project) -> int | None:
    found = known(project).standing("production")
    return found.number if found else None


@pytest.fixture(scope="session")
def promoted_once(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """v1 and v2 were in production one after the other; each has a decision of its own."""
    root = tmp_path_factory.mktemp("registry")
    with running(Stub()) as stub:
        project = make_project(root, stub.url)
        for name in ("first", "second"):
            weights(project, f"adapter_model.safetensors {name}")
            assert project.gate() == 0
            assert project.call("promote", "--to", "production") == 0
        weights(project, "adapter_model.safetensors third")
        assert project.gate() == 0
    return project


@pytest.fixture
def project(promoted_once: Project, tmp_path: Path) -> Project:
    """A copy of it to change: v2 is in production, v1 was before, and the third candidate has a PASS."""
    return promoted_once.copied(tmp_path)


def edit_record(project: Project, decision: str, **changes: object) -> None:
    """Change fields of a decision's record on disk."""
    path = project.state.decision(decision)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
