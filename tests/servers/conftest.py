from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.commands import StandIns, put_on_path
from tests.tgi_stub import Stub, running


@pytest.fixture
def stub() -> Iterator[Stub]:
    with running(Stub()) as stub:
        yield stub


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIns:
    return put_on_path(tmp_path / "stand-ins", monkeypatch)
