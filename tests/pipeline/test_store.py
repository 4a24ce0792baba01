"""`harness store` on a project that was run, gated and promoted."""

from __future__ import annotations

import csv
import json
import signal
from pathlib import Path

import duckdb
import pytest

from harness.store.journal import OUTPUTS
from harness.store.parts import FILES, FORMAT
from tests.pipeline.conftest import Gated
from tests.pipeline.release_project import Project, make_project
from tests.pipeline.running.test_run import wait_for
from tests.tgi_stub import Stub, running


@pytest.fixture(scope="module")
def gated(gated_once: Gated, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a PASS and a version."""
    project = gated_once.project.copied(tmp_path_factory.mktemp("staged"))
    assert project.call("promote", "--to", "staging") == 0
    return project


@pytest.fixture
def own(gated: Project, tmp_path: Path) -> Project:
    """A copy of it to change; its stub still answers."""
    return gated.copied(tmp_path)


def store(project: Project, *words: str) -> int:
    from harness.cli.main import main

    return main(["store", words[0], "-f", str(project.file), *words[1:]])


def test_all_is_as_it_was_written(own: Project, capfd: pytest.CaptureFixture[str]) -> None:
    assert store(own, "verify") == 0
    assert f"{len(own.bundles)} bundles" in capfd.readouterr().out


def test_a_store_made_anew_gives_the_same_decisions_and_versions(
    own: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    own.call("status")
    before, record = capfd.readouterr().out, own.record
    own.state.store.unlink()
    assert store(own, "rebuild") == 0
    assert f"{len(own.bundles)} runs" in capfd.readouterr().out
    own.call("status")
    assert capfd.readouterr().out == before
    assert store(own, "verify") == 0
    assert own.gate() == 0
    assert own.record == record
    assert own.call("promote", "--to", "staging", "--decision", record["id"][:12]) == 0
    assert "version 1 of r is in staging" in capfd.readouterr().out


def test_every_gate_is_an_attempt(own: Project) -> None:
    own.gate()
    attempts = [json.loads(line) for line in own.state.attempts.read_text().splitlines()]
    assert [(one["number"], one["verdict"], one["decision"]) for one in attempts] == [
        (1, "PASS", own.record["id"]), (2, "PASS", own.record["id"]),
    ]  # fmt: skip
    assert attempts[0]["runs"] == own.record["runs"]


def test_a_decision_that_was_edited_is_named(own: Project, capfd: pytest.CaptureFixture[str]) -> None:
    path = own.state.decision(own.record["id"])
    path.write_text(path.read_text().replace('"verdict": "PASS"', '"verdict": "FAIL"'))
    assert store(own, "verify") == 2
    assert f"{path}: does not have the id that follows from what it says" in capfd.readouterr().err


def test_a_bundle_from_elsewhere_is_copied_in(own: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "bundle"
    own.bundles[0].rename(elsewhere)
    own.state.store.unlink()
    assert store(own, "load", str(elsewhere)) == 0
    assert store(own, "load") == 0
    assert store(own, "verify") == 0


def test_what_is_no_bundle_is_told(own: Project, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert store(own, "load", str(tmp_path)) == 2
    assert "is no finished bundle" in capfd.readouterr().err


@pytest.mark.parametrize("verb", [["verify"], ["query", "SELECT 1"], ["export", "--all", "--to", "out"]])
def test_without_a_store_there_is_nothing(tmp_path: Path, verb: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert store(Project(tmp_path), *verb) == 2
    assert "there is no store yet" in capfd.readouterr().err


def test_runs_are_exported(own: Project, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run = json.loads((own.bundles[0] / "manifest.json").read_text())["run"]["id"]
    assert store(own, "export", run[:10], "--to", str(tmp_path / "out"), "--format", "csv") == 0
    with (tmp_path / "out" / run[:16] / "answers.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 60
    assert store(own, "export", "--all", "--to", str(tmp_path / "all")) == 0
    with duckdb.connect() as connection:
        query = f"SELECT verdict FROM read_parquet('{tmp_path / 'all' / 'decisions.parquet'}')"
        assert connection.execute(query).fetchall() == [("PASS",)]


def test_a_query_is_printed(own: Project, capfd: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT stage, number, NULL AS nothing, repeat('long ', 50) AS words FROM moves"
    assert store(own, "query", sql) == 0
    head, row = capfd.readouterr().out.splitlines()
    assert head.split() == ["stage", "number", "nothing", "words"]
    assert row.startswith("staging")
    assert row.endswith("…")
    assert store(own, "query", sql, "--format", "json") == 0
    assert json.loads(capfd.readouterr().out)["number"] == 1
    assert store(own, "query", sql, "--format", "csv") == 0
    assert capfd.readouterr().out.startswith("stage,number,nothing,words\nstaging,1,,")
    assert store(own, "query", "DELETE FROM versions") == 2
    assert "the query cannot be run" in capfd.readouterr().err


def test_the_manifest_says_how_to_do_the_run_again(own: Project) -> None:
    recipe = json.loads((own.bundles[0] / "manifest.json").read_text())["recipe"]
    task = recipe["tasks"]["sort"]
    assert task["prompt"]["user"] == "{{ text }}"
    assert task["generation"]["max_new_tokens"] == 8
    assert task["arguments"]["labels"] == ["billing", "shipping", "other"]
    assert len(task["examples"]) == 9
    assert "samples" not in task
    assert isinstance(recipe["seed"], int)


def parts(project: Project) -> dict[tuple[str, str], bytes]:
    """The parts of all bundles that do not tell of time, by role."""
    found = {}
    for folder in project.bundles:
        role = json.loads((folder / "manifest.json").read_text())["run"]["model"]["role"]
        found |= {(role, name): (folder / name).read_bytes() for name in FILES[FORMAT] if name != OUTPUTS}
    return found


def test_a_run_that_was_killed_leaves_the_very_bytes_of_an_undisturbed_one(tmp_path: Path) -> None:
    with running(Stub()) as stub:
        whole = make_project(tmp_path / "whole", stub.url)
        assert whole.call("run", "-q") == 0
        stub.answered = 0
        killed = make_project(tmp_path / "killed", stub.url)
        stub.delay = 0.05
        for count in (10, 30, 70):
            process = killed.start("run", "-q")
            wait_for(stub, count)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        stub.delay = 0.0
        assert killed.call("run", "-q") == 0
    assert len(parts(whole)) >= 6
    assert parts(killed) == parts(whole)
    assert store(killed, "verify") == 0
