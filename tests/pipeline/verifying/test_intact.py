"""A decision is judged again on its very runs, from the store or from bundles, or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from harness.store.migrations import STEPS
from tests.pipeline.release_project import Project
from tests.pipeline.verifying.records import Said, edit


def test_a_record_follows_from_bundles_alone(own: Project, said: Said, tmp_path: Path) -> None:
    elsewhere = tmp_path / "bundles"
    (own.state.state / "runs").rename(elsewhere)
    shutil.rmtree(own.state.state)
    code, text = said("--bundles", str(elsewhere))
    assert (code, "follows from its 2 runs" in text) == (0, True), text
    assert not own.state.state.exists(), "nothing is written into the project"


def test_evidence_that_is_gone_is_named(own: Project, said: Said) -> None:
    run = own.record["runs"]["candidate"]["queue"]
    shutil.rmtree(own.state.run(run))
    code, text = said()
    assert code == 2
    assert f"the evidence is gone: there is no bundle of queue against the candidate, {run[:12]}" in text
    assert said("--bundles", str(own.state.state / "runs"))[0] == 2


def test_a_run_that_is_in_no_store_is_named(own: Project, said: Said) -> None:
    run = own.record["runs"]["base"]["queue"]
    with duckdb.connect(str(own.state.store)) as connection:
        connection.execute("DELETE FROM runs WHERE id = ?", [run])
    code, text = said()
    assert code == 2
    assert f"the run of queue against the base, {run[:12]}, is not in the store" in text
    own.state.store.unlink()
    assert "harness store rebuild" in said()[1]


@pytest.mark.parametrize("where", ["store", "bundles"])
def test_an_edited_bundle_is_named(own: Project, said: Said, where: str) -> None:
    path = own.state.run(own.record["runs"]["candidate"]["queue"]) / "answers.jsonl"
    path.write_text(path.read_text().replace("billing", "shipping", 1))
    code, text = said(*(["--bundles", str(path.parents[1])] if where == "bundles" else []))
    assert code == 2
    assert "was changed after its run: answers.jsonl" in text


def test_a_bundle_in_the_place_of_another_is_named(own: Project, said: Said) -> None:
    ours, theirs = (own.state.run(own.record["runs"][role]["queue"]) for role in ("candidate", "base"))
    shutil.rmtree(ours)
    shutil.copytree(theirs, ours)
    code, text = said()
    assert code == 2
    assert "not of queue against the candidate" in text


def test_ids_that_begin_alike_are_told_apart(own: Project, said: Said) -> None:
    run = own.record["runs"]["candidate"]["queue"]
    edit(own, lambda record: record["runs"]["base"].update(queue=run[:16] + "0" * 48))
    code, text = said("--bundles", str(own.state.state / "runs"))
    assert code == 2
    assert "not of queue against the base" in text


def test_an_edited_store_is_named(own: Project, said: Said) -> None:
    run = own.record["runs"]["candidate"]["queue"]
    with duckdb.connect(str(own.state.store)) as connection:
        connection.execute("UPDATE scores SET value = 1 - value WHERE run = ?", [run])
    code, text = said()
    assert code == 2
    assert "its scores differ from the store's" in text


def test_a_store_of_an_older_harness_is_migrated(own: Project, said: Said) -> None:
    with duckdb.connect(str(own.state.store)) as connection:
        connection.execute("DELETE FROM migrations WHERE step > 1")
        connection.execute("DROP TABLE attempts")
        connection.execute("DROP TABLE moves")
        dropped = {"samples": ["origin"], "outputs": ["repeat", "attempts", "cached", "position"],
                   "answers": ["repeat", "position"], "scores": ["repeat", "position"],
                   "versions": ["digests", "provenance", "parent"]}  # fmt: skip
        for table, column in ((table, column) for table, columns in dropped.items() for column in columns):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    code, text = said()
    assert (code, "follows from its 2 runs" in text) == (0, True), text
    with duckdb.connect(str(own.state.store), read_only=True) as connection:
        assert connection.execute("SELECT max(step) FROM migrations").fetchone() == (len(STEPS),)


def test_a_store_of_a_newer_harness_is_refused(own: Project, said: Said) -> None:
    with duckdb.connect(str(own.state.store)) as connection:
        connection.execute("INSERT INTO migrations VALUES (?, current_timestamp)", [len(STEPS) + 1])
    code, text = said()
    assert code == 2
    assert "written by a newer harness" in text
