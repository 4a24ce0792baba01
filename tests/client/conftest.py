from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.openai_stub import OpenaiStub
from tests.tgi_stub import Stub, running


@pytest.fixture
def stub() -> Iterator[Stub]:
    with running(Stub()) as stub:
        yield stub


@pytest.fixture
def openai_stub() -> Iterator[OpenaiStub]:
    stub = OpenaiStub()
    with running(stub):
        yield stub
