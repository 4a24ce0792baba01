"""A canary that keeps every rule is promoted as `harness promote` does it: by a decision that is given again."""

from __future__ import annotations

import pytest

from tests.pipeline.canary.conftest import backdate, lines, write
from tests.pipeline.registry.conftest import edit_record, known, production
from tests.pipeline.release_project import Project

TOLERATE = {"errors": 0.1, "latency": 2.0}


@pytest.mark.parametrize("edited", [False, True])
def test_to_production_by_what_promote_asks_for(
    project: Project, edited: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    project.release["canary"] = {"requests": 30, "tolerate": TOLERATE}
    project.write()
    assert project.call("promote", "--to", "canary") == 0
    backdate(project, 7200)
    for side, version in (("canary", "v3"), ("production", "v2")):
        write(project, lines(300, side, -3600.0, version=version))
    if edited:
        edit_record(project, known(project).versions[-1].decision, reason="better")
    assert project.call("canary", "--apply", "--to-production") == (2 if edited else 0)
    assert production(project) == (2 if edited else 3)
    if not edited:
        assert "v3 is in production." in capfd.readouterr().out
        assert known(project).moves[-1].note.startswith("canary analysis ")
