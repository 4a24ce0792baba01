from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.client.tgi import Limits
from tests.pipeline.release_project import Project, make_project
from tests.tgi_stub import Stub, running


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    quick = Limits(timeout=5.0, attempts=3, first_pause=0.01, longest_pause=0.02, health=2.0)
    monkeypatch.setattr("harness.client.tgi.Limits", lambda: quick)
    with running(Stub()) as stub:
        yield stub


@pytest.fixture
def project(tmp_path: Path, stub: Stub) -> Project:
    return make_project(tmp_path, stub.url)
