"""What is judged is what the bundles' hashes say: a store that says anything else judges nothing."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from harness.cli.main import main
from harness.core.errors import OutsideError
from harness.pipeline.at_hand import judge_stored
from harness.pipeline.validate import validate
from tests.pipeline.release_project import Project, make_project
from tests.tgi_stub import Stub, running

EDITS = (
    "UPDATE scores SET value = 1 WHERE metric = 'accuracy'",
    "UPDATE answers SET outcome = 'scored', value = '\"billing\"'",
    "UPDATE outputs SET finish_reason = 'length'",
    "UPDATE samples SET target = '\"billing\"'",
    "DELETE FROM scores WHERE value = 0",
    "UPDATE samples SET \"group\" = 'one'",
)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose release fails."""
    with running(Stub(answer=lambda text, adapter: "other")) as stub:
        project = make_project(tmp_path_factory.mktemp("judged"), stub.url)
        assert project.gate() == 1
        yield project


@pytest.fixture
def failed(judged: Project) -> Iterator[Project]:
    """The same, with its store put back afterwards."""
    kept = judged.state.store.read_bytes()
    yield judged
    judged.state.store.write_bytes(kept)


def edited(project: Project, edit: str) -> None:
    with duckdb.connect(str(project.state.store)) as connection:
        connection.execute(edit)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_store_judges_nothing(failed: Project, edit: str, capfd: pytest.CaptureFixture[str]) -> None:
    edited(failed, edit)
    assert failed.gate() == 4
    said = capfd.readouterr().err
    assert "are not those of its bundle" in said
    assert "harness store rebuild" in said


def test_pytest_and_compare_judge_no_edited_store_either(failed: Project) -> None:
    edited(failed, EDITS[0])
    with pytest.raises(OutsideError, match="store rebuild"):
        judge_stored(validate(failed.file))
    assert failed.call("compare", "candidate", "base") == 4


def test_the_bundles_bring_it_back(failed: Project) -> None:
    edited(failed, EDITS[0])
    assert main(["store", "rebuild", "-f", str(failed.file)]) == 0
    assert failed.gate() == 1
