"""A folder of base models for a session of tests: nothing is written into the user's home, nothing is made twice."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.projects import ENVIRONMENT


class SharedHome:
    """HARNESS_HOME of a session, for its workers and for all child processes; removed at its end."""

    def __init__(self) -> None:
        self.folder: Path | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        """Made by the process that starts the workers, which inherit the variable."""
        if hasattr(config, "workerinput"):
            return
        self.folder = Path(tempfile.mkdtemp(prefix="harness-home-"))
        for variables in (os.environ, ENVIRONMENT):
            variables["HARNESS_HOME"] = str(self.folder)

    def pytest_unconfigure(self) -> None:
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
