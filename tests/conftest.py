"""What several folders of tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.projects import Project, make_project
from tests.waiting import restore_ctrl_c

restore_ctrl_c()


@pytest.fixture(autouse=True, scope="session")
def _nothing_is_forced_to_disk() -> Iterator[None]:
    """No test cuts the power, so this process need not wait for the disk. Those that are killed are processes apart."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture
def desk(tmp_path: Path) -> Project:
    """A valid release of a support desk, to be broken."""
    return make_project(tmp_path)
