"""The pytest plugin: a release's gates as tests, and fixtures for checks written in Python (docs/pytest.md).

It is loaded by every pytest that runs where harness is installed, so importing it imports nothing of harness: that
waits until a file of a release is met, or one of the fixtures is used.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.core.estimates import Comparison
    from harness.core.samples import Output, Sample
    from harness.pipeline.checking.fixtures import StoredModel
    from harness.pytest_plugin.nodes import GateFile
    from harness.pytest_plugin.project import Projects

_PROJECTS = pytest.StashKey["Projects"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup("harness", "release gates")
    group.addoption("--harness", action="store_true", help="collect the gates of every release.yaml that is met")
    group.addoption("--harness-run", action="store_true", help="first do what is missing, as `harness gate` does")
    group.addoption("--harness-judgement", type=Path, help=argparse.SUPPRESS)


def pytest_configure(config: pytest.Config) -> None:
    """The markers that checks use; those of gates are declared where gates are collected."""
    config.addinivalue_line("markers", "harness(suite, task): a gate of a release; in a check: which task it looks at")
    config.addinivalue_line("markers", "baseline(name): the baseline that a check compares with (default: the first)")
    if config.option.harness_judgement:
        from harness.pytest_plugin.endings import Endings

        config.pluginmanager.register(Endings())


def pytest_sessionstart(session: pytest.Session) -> None:
    """Do the missing runs where that is asked for: once, and not in each process of xdist."""
    if session.config.option.harness_run and not hasattr(session.config, "workerinput"):
        _projects(session.config).run()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> GateFile | None:
    """A suite that a release.yaml above it names, or a release.yaml itself."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    return _projects(parent.config).file(file_path, parent)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --harness an item that fails where no gate was met: nothing was judged, and green would say otherwise."""
    if config.option.harness and (said := _projects(config).missed()):
        from harness.pytest_plugin.nodes import MissingGates

        items.append(MissingGates.of(session, said))


def _projects(config: pytest.Config) -> Projects:
    if _PROJECTS not in config.stash:
        from harness.pytest_plugin.project import Projects

        config.stash[_PROJECTS] = Projects(config)
    return config.stash[_PROJECTS]


def _model(request: pytest.FixtureRequest, role: str | None) -> StoredModel:
    from harness.core.errors import HarnessError

    try:
        return _projects(request.config).model(request.node, role)
    except HarnessError as error:
        said = str(error)
    pytest.fail(said, pytrace=False)


@pytest.fixture
def candidate(request: pytest.FixtureRequest) -> StoredModel:
    """The candidate's stored run of the task that the check looks at."""
    return _model(request, "candidate")


@pytest.fixture
def baseline(request: pytest.FixtureRequest) -> StoredModel:
    """The baseline's: the one named by @pytest.mark.baseline("name"), or the release's first."""
    return _model(request, None)


@pytest.fixture
def samples(candidate: StoredModel) -> tuple[Sample, ...]:
    """The task's samples."""
    return candidate.result.samples


@pytest.fixture
def outputs(candidate: StoredModel) -> tuple[Output, ...]:
    """What the candidate gave for them: in the samples' order, the repeats of a sample beside each other."""
    return candidate.result.outputs


@pytest.fixture
def comparison(candidate: StoredModel, baseline: StoredModel) -> Callable[[str], Comparison]:
    """comparison("accuracy"): candidate minus baseline on the same samples, with bounds."""
    return lambda metric: candidate.against(baseline, metric)
