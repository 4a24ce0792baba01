"""Two releases in one folder: each has a router, a status and a registry of its own."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import yaml

from harness.cli.main import main
from harness.core.errors import ConfigError, OutsideError
from harness.core.versions import PROMOTE, Version
from harness.pipeline.registry.moving import move
from harness.pipeline.registry.notes import note
from harness.pipeline.registry.read import changing, registry
from harness.pipeline.routing.asked import status
from harness.pipeline.routing.route import address, route
from harness.pipeline.validate import validate
from harness.store.registry import add_version
from tests.pipeline.release_project import Project, make_project
from tests.pipeline.routing.test_route import _Routed, moved, project, stub
from tests.tgi_stub import Stub, running

__all__ = ["project", "stub"]


@pytest.fixture
def second(project: Project) -> Project:
    """Another release in the same folder, with the third adapter in production; the first has the first there."""
    other = Project(project.root, {**project.release, "name": "s"})
    path = project.root / "second.yaml"
    path.write_text(yaml.safe_dump(other.release))
    three = registry(project.state, "r").version(3)
    assert three
    version = Version(4, "s", three.adapter_digest, three.base_digest, "d" * 64, "now")
    add_version(project.state.versions, version)
    move(project.state, version, "production", PROMOTE)
    moved(project, 1)
    return _Second(project.root, other.release)


class _Second(Project):
    """The project by its second file."""

    @property
    def file(self) -> Path:
        return self.root / "second.yaml"


def test_each_router_tells_its_own_status_and_ends_for_itself(project: Project, second: Project, stub: Stub) -> None:
    stub.shifts["version-4"] = 1.2
    first, other = validate(project.file), validate(second.file)
    with _Routed(project) as ours:
        with _Routed(second) as theirs:
            assert ours.shown[0][0] != theirs.shown[0][0]
            assert (status(first)["url"], status(first)["production"]) == (ours.shown[0][0], "v1")
            assert (status(other)["url"], status(other)["production"]) == (theirs.shown[0][0], "v4")
            assert (ours.answer(), theirs.answer()) == ("version-1", "version-4")
        assert status(first)["production"] == "v1"
        with pytest.raises(ConfigError, match="no router of this release runs here"):
            address(other)
    lines = {name: list(project.state.traffic_of(name).glob("*.jsonl")) for name in ("r", "s")}
    assert all(lines.values())
    assert not list(project.state.traffic.glob("*.jsonl"))


def test_a_second_router_of_one_release_is_refused(project: Project) -> None:
    moved(project, 1)
    with _Routed(project) as first:
        stop = threading.Event()
        with pytest.raises(OutsideError, match="another router of this release"):
            route(validate(project.file), lambda _: None, stop, lambda *_: stop.set())
        assert status(validate(project.file))["url"] == first.shown[0][0]


def test_a_promotion_of_the_one_does_not_keep_the_other_waiting(project: Project, second: Project) -> None:
    with changing(project.state, "r"):
        assert note(second.file, "v4", "seen").number == 3
        with pytest.raises(OutsideError, match="another promotion, rollback or note of r"):
            note(project.file, "v1", "seen")


def test_status_lists_the_runs_that_a_release_shares(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with running(Stub()) as stub:
        project = make_project(tmp_path, stub.url)
        other = tmp_path / "second.yaml"
        other.write_text(yaml.safe_dump({**project.release, "name": "s"}))
        assert project.gate() == 0
        assert main(["gate", "-f", str(other), "-q", "--no-report"]) == 0
    capfd.readouterr()
    assert main(["status", "-f", str(other)]) == 0
    said = capfd.readouterr().out
    assert "runs (2)" in said
    assert "decisions (1)" in said
