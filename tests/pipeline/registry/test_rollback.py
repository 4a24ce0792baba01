"""A rollback is one command: the last good version, its artefacts verified first, or a sentence why not."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness.pipeline import store
from harness.pipeline.judging.ids import record_id
from harness.pipeline.lock import locked
from harness.pipeline.registry.moving import move
from harness.store.files import lines_of
from harness.store.registry import add_version
from tests.pipeline.registry.conftest import edit_record, known, production
from tests.pipeline.release_project import Project, make_project
from tests.weights import base_file


def refused(project: Project, capfd: pytest.CaptureFixture[str], *words: str, code: int = 2) -> str:
    """What a refused rollback says; nothing was moved."""
    capfd.readouterr()
    before = project.state.moves.read_bytes() if project.state.moves.is_file() else b""
    assert project.call("rollback", *words) == code
    assert (project.state.moves.read_bytes() if project.state.moves.is_file() else b"") == before
    return capfd.readouterr().err


def test_back_to_the_version_before_and_never_to_what_was_left(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    assert project.call("promote", "--to", "production") == 0
    assert project.call("rollback", "--note", "slow") == 0
    said = capfd.readouterr().out
    assert "version 2 of r is in production again. version 3 is archived." in said
    assert production(project) == 2
    assert project.call("rollback") == 0
    assert production(project) == 1
    assert "v1 is the only version" in refused(project, capfd)
    assert [move.why for move in known(project).moves[-2:]] == ["rollback", "rollback"]
    assert known(project).moves[-2].note == "slow"


def test_a_named_version_comes_back(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    assert project.call("promote", "--to", "staging") == 0
    assert "v3 never was in production" in refused(project, capfd, "--to", "v3")
    assert "there is no version 'v9'. There are v1, v2, v3." in refused(project, capfd, "--to", "v9")
    assert "v2 is in production already" in refused(project, capfd, "--to", "v2")
    assert project.call("archive", "v1") == 0
    assert "v1 is archived" in refused(project, capfd, "--to", "v1")
    assert project.call("promote", "--version", "v1", "--to", "production") == 0
    assert project.call("rollback", "--to", "v2") == 0
    assert production(project) == 2


def test_with_nothing_to_go_back_to_that_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    project = make_project(tmp_path, "http://127.0.0.1:9")
    assert "no version ever was in it" in refused(project, capfd)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("edited", "the adapter was changed"),
        ("gone", "is not here"),
        ("a file is gone", "lacks adapter_model.safetensors"),
        ("pickled", "adapter_model.bin holds pickled weights"),
        ("base", "the base model is another"),
        ("no base", "the base model of v1"),
        ("no decision", "that allowed v1 is gone"),
        ("edited decision", "was edited after it was written"),
        ("no record", "is no record"),
    ],
)
def test_what_is_not_as_it_was_is_not_brought_back(
    project: Project, harm: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    version = known(project).versions[0]
    folder, decision = project.state.adapter(version.adapter_digest), project.state.decision(version.decision)
    weights = folder / "adapter_model.safetensors"
    if harm == "edited":
        weights.chmod(0o644)
        weights.write_bytes(weights.read_bytes() + b"x")
    elif harm == "gone":
        folder.rename(folder.with_name("elsewhere"))
    elif harm == "a file is gone":
        weights.unlink()
    elif harm == "pickled":
        (folder / "adapter_model.bin").write_bytes(b"\x80\x04")
    elif harm == "base":
        (project.root / "base/model.safetensors").write_bytes(base_file("other"))
    elif harm == "no base":
        (project.root / "base/config.json").unlink()
    elif harm == "no decision":
        decision.unlink()
    elif harm == "edited decision":
        edit_record(project, version.decision, reason="all is well")
    else:
        decision.write_text("[]")
    assert said in refused(project, capfd)
    assert production(project) == 2


@pytest.mark.parametrize(("wrong", "said"), [("verdict", "is no PASS"), ("adapter", "was edited after it was written")])
def test_a_version_that_no_pass_allowed_is_not_brought_back(
    project: Project, wrong: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its record is whole: it is a FAIL, or was given to another adapter."""
    first, second = known(project).versions[:2]
    record = json.loads(project.state.decision(first.decision).read_text())
    if wrong == "verdict":
        record["verdict"] = "FAIL"
        record["id"] = record_id(record)
        project.state.decision(record["id"]).write_text(json.dumps(record))
    adapter = second.adapter_digest if wrong == "adapter" else first.adapter_digest
    planted = replace(first, number=4, adapter_digest=adapter, decision=record["id"])
    add_version(project.state.versions, planted)
    for version in (planted, second):
        move(project.state, version, "production", "promote")
    assert said in refused(project, capfd, "--to", "v4")


def test_all_that_is_wrong_is_said_at_once(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    version = known(project).versions[0]
    project.state.decision(version.decision).unlink()
    project.state.adapter(version.adapter_digest).rename(project.root / "elsewhere")
    said = refused(project, capfd)
    assert "is not here" in said
    assert "that allowed v1 is gone" in said


def test_a_broken_suite_stops_no_rollback(project: Project) -> None:
    (project.root / "queue.yaml").write_text("{")
    assert project.call("rollback") == 0
    assert production(project) == 1


def test_a_training_that_holds_the_project_stops_no_rollback(project: Project) -> None:
    with locked(project.state):
        assert project.call("rollback") == 0


def test_a_rollback_loads_neither_the_database_nor_what_judges(project: Project) -> None:
    code = ("import sys; from pathlib import Path; from harness.pipeline.registry.rollback import rollback; "
            "rollback(Path(sys.argv[1])); "
            "heavy = ('duckdb', 'torch', 'scipy', 'pandas', 'pydantic'); "
            "print([name for name in heavy if name in sys.modules])")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code, str(project.file)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert production(project) == 1


def test_the_store_is_brought_up_afterwards(project: Project) -> None:
    assert project.call("rollback") == 0
    assert store.verify(project.state) > 0
    columns = store.query(project.state, "SELECT why FROM moves ORDER BY number").rows
    assert [row[0] for row in columns] == ["promote", "promote", "rollback"]


def test_a_rehearsal_moves_nothing_and_is_noted(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    assert project.call("rollback", "--rehearse") == 0
    said = capfd.readouterr().out
    assert "would bring version 1 to production, where v2 is: adapter 0." in said
    assert production(project) == 2
    (note,) = known(project).notes
    assert note.why == "rehearsal"
    assert "nothing is in the way" in note.note
    project.state.decision(known(project).versions[0].decision).unlink()
    assert project.call("rollback", "--rehearse") == 2
    assert "in the way: " in capfd.readouterr().out


def test_a_rehearsal_that_serves_says_what_does_not(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    assert project.call("rollback", "--rehearse", "--serve") == 2
    assert "v1 could not be served" in capfd.readouterr().out
    assert project.call("rollback", "--serve") == 2


def test_a_canary_is_withdrawn_to_staging(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    assert "there is no canary" in refused(project, capfd, "--canary")
    assert project.call("promote", "--to", "canary", "--share", "0.1") == 0
    assert known(project).share() == 0.1
    assert "takes no --to" in refused(project, capfd, "--canary", "--to", "v1")
    assert project.call("rollback", "--canary") == 0
    assert known(project).stage_of(3) == "staging"
    assert production(project) == 2
    assert known(project).share() is None


def test_a_file_that_was_changed_by_hand_is_told(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    with project.state.moves.open("a") as file:
        file.write('{"release": "r", "stage": "production"}\n')
    assert project.call("rollback") == 4
    assert "is no move: it was changed by hand" in capfd.readouterr().err
    assert len(list(lines_of(project.state.moves))) == 3
