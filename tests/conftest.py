"""What several folders of tests share."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.projects import ENVIRONMENT, Project, make_project

_HOME = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Base models of this session lie in a folder of its own, which its workers and all child processes share.

    So no test writes into the user's home, and the demo's base model is converted at most once.
    """
    if not hasattr(config, "workerinput"):
        config.stash[_HOME] = Path(tempfile.mkdtemp(prefix="harness-home-"))
        for variables in (os.environ, ENVIRONMENT):
            variables["HARNESS_HOME"] = str(config.stash[_HOME])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove that folder."""
    if home := config.stash.get(_HOME, None):
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def desk(tmp_path: Path) -> Project:
    """A valid release of a support desk, to be broken."""
    return make_project(tmp_path)
