from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tgi_stub import Stub, running


@pytest.fixture
def stub() -> Iterator[Stub]:
    with running(Stub()) as stub:
        yield stub
