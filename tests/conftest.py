"""What several folders of tests share, and how a session is cut, grouped, timed and limited."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.limits import Limits
from tests.parts import Groups, Parts, parse_part
from tests.projects import ENVIRONMENT, Project, make_project
from tests.waiting import restore_ctrl_c

_HOME = pytest.StashKey[Path]()

restore_ctrl_c()


@pytest.fixture(autouse=True, scope="session")
def _nothing_is_forced_to_disk() -> Iterator[None]:
    """No test cuts the power, so this process need not wait for the disk. Those that are killed are processes apart."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("tests of harness")
    group.addoption(
        "--limits", action="store_true", help="fail an unmarked test that takes over 20 s of processor time"
    )
    group.addoption("--durations-file", metavar="FILE", help="write there how long every test took (JSON)")
    group.addoption("--part", metavar="PART/PARTS", help="run one part of the selected tests: 0/4 to 3/4")


def pytest_configure(config: pytest.Config) -> None:
    """Base models of this session lie in a folder of its own, which its workers and all child processes share.

    So no test writes into the user's home, and the demo's base model is converted at most once.
    """
    if not hasattr(config, "workerinput"):
        config.stash[_HOME] = Path(tempfile.mkdtemp(prefix="harness-home-"))
        for variables in (os.environ, ENVIRONMENT):
            variables["HARNESS_HOME"] = str(config.stash[_HOME])
    file, part = config.getoption("--durations-file"), config.getoption("--part")
    config.pluginmanager.register(Limits(Path(file) if file else None, config.getoption("--limits")), "limits")
    config.pluginmanager.register(Groups(), "groups")
    if part:
        config.pluginmanager.register(Parts(*parse_part(part)), "parts")


def pytest_collection_finish() -> None:
    """Thousands of tests live as long as the session, and need not be looked at whenever garbage is collected."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove that folder."""
    if home := config.stash.get(_HOME, None):
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def desk(tmp_path: Path) -> Project:
    """A valid release of a support desk, to be broken."""
    return make_project(tmp_path)
