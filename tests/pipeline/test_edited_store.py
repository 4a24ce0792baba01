"""What is judged is what the bundles' hashes say: a store that says anything else judges nothing."""

from __future__ import annotations

import duckdb
import pytest

from harness.cli.main import main
from harness.core.errors import OutsideError
from harness.pipeline.at_hand import judge_stored
from harness.pipeline.validate import validate
from tests.pipeline.release_project import Project
from tests.tgi_stub import Stub

EDITS = (
    "UPDATE scores SET value = 1 WHERE metric = 'accuracy'",
    "UPDATE answers SET outcome = 'scored', value = '\"billing\"'",
    "UPDATE outputs SET finish_reason = 'stop', text = 'billing'",
    "UPDATE samples SET target = '\"billing\"'",
    "DELETE FROM scores WHERE value = 0",
    "UPDATE samples SET \"group\" = 'one'",
)


@pytest.fixture
def failed(project: Project, stub: Stub) -> Project:
    stub.answer = lambda text, adapter: "other"
    assert project.gate() == 1
    return project


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_store_judges_nothing(failed: Project, edit: str, capfd: pytest.CaptureFixture[str]) -> None:
    with duckdb.connect(str(failed.state.store)) as connection:
        connection.execute(edit)
    assert failed.gate() == 4
    said = capfd.readouterr().err
    assert "are not those of its bundle" in said
    assert "harness store rebuild" in said
    with pytest.raises(OutsideError, match="store rebuild"):
        judge_stored(validate(failed.file))
    assert main(["store", "rebuild", "-f", str(failed.file)]) == 0
    assert failed.gate() == 1
