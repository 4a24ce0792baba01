from __future__ import annotations

from collections.abc import Iterator
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


@pytest.fixture
def project(tmp_path: Path, stub: Stub) -> Project:
    return make_project(tmp_path, stub.url)
