"""Of two changes of the registry at once one wins, and the other is told who is at work."""

from __future__ import annotations

import os

import pytest

from harness.pipeline.registry.read import changing
from harness.store.files import lines_of
from tests.pipeline.registry.conftest import known, production
from tests.pipeline.release_project import Project


def test_whoever_comes_second_is_told(project: Project) -> None:
    with changing(project.state, "r"):
        second = project.start("promote", "--to", "production")
        _, said = second.communicate(timeout=120)
    assert second.returncode == 4
    assert f"another promotion, rollback or note of r (process {os.getpid()}) is at work" in said
    assert production(project) == 2


def test_of_two_promotions_one_wins(project: Project) -> None:
    started = [project.start("promote", "--to", "production") for _ in range(2)]
    said = [one.communicate(timeout=180) for one in started]
    codes = sorted(one.returncode for one in started)
    # The other one is told, or came so late that it finds the work done.
    assert codes == [0, 4] or (codes == [0, 0] and any("already" in out for out, _ in said))
    assert production(project) == 3
    assert [line["number"] for line in lines_of(project.state.moves)] == [1, 2, 3]
    assert [version.number for version in known(project).versions] == [1, 2, 3]


@pytest.mark.parametrize("command", ["note", "archive"])
def test_notes_wait_for_nobody_either(project: Project, command: str, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["v1", "text"] if command == "note" else ["v1"]
    with changing(project.state, "r"):  # whoever waited here would wait for ever
        assert project.call(command, *words) == 4
    assert project.call(command, *words) == 0
