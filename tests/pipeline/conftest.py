from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from harness.client.interface import Limits
from tests.pipeline.release_project import Project, make_project
from tests.tgi_stub import Stub, running


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    quick = partial(Limits, attempts=3, first_pause=0.01, longest_pause=0.02, patience=0.5, health=30.0)
    monkeypatch.setattr("harness.pipeline.running.session.Limits", quick)
    with running(Stub()) as stub:
        yield stub


@dataclass(frozen=True, slots=True)
class Gated:
    """The project of most tests with a PASS, and the server that answered. Nobody changes either."""

    project: Project
    stub: Stub


@pytest.fixture(scope="session")
def gated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    """Made once for all folders of tests; it is copied where it is to be changed."""
    with running(Stub()) as stub:
        project = make_project(tmp_path_factory.mktemp("gated"), stub.url)
        assert project.gate() == 0
        yield Gated(project, stub)


@pytest.fixture
def passed(gated_once: Gated, tmp_path: Path) -> Project:
    """A copy of it to change."""
    return gated_once.project.copied(tmp_path)


@pytest.fixture
def project(tmp_path: Path, stub: Stub) -> Project:
    return make_project(tmp_path, stub.url)
