"""What several folders of tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.projects import Project, make_project
from tests.waiting import restore_ctrl_c

restore_ctrl_c()


@pytest.fixture
def desk(tmp_path: Path) -> Project:
    """A valid release of a support desk, to be broken."""
    return make_project(tmp_path)
