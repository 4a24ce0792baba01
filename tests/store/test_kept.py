"""The database is made from files: it can be made again from them, and every difference from them is found."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from harness.core.errors import OutsideError
from harness.core.versions import Move, Version
from harness.store import database, kept, reader, registers, registry, writer
from harness.store.database import StoreLocked, opened
from harness.store.kept import Kept
from harness.store.registry import next_number
from harness.store.verify import differences
from tests.store.made import RUN, finished, other, results
from tests.store.test_database import holder
from tests.store.test_golden import GOLDEN

REGISTERS = ("attempts", "versions", "moves")


@pytest.fixture
def files(tmp_path: Path) -> Kept:
    """Two bundles, and what else there may be."""
    finished(tmp_path / "runs" / "a")
    finished(tmp_path / "runs" / "b", other(id="b" * 64))
    return Kept(tmp_path / "runs", tmp_path / "decisions", *(tmp_path / f"{name}.jsonl" for name in REGISTERS))


@pytest.fixture
def store(tmp_path: Path, files: Kept) -> Path:
    """The database of them, with two versions."""
    path = tmp_path / "store.duckdb"
    with opened(path) as connection:
        kept.load_all(connection, files, files.bundles)
        for stage in ("dev", "staging"):
            registry.add_version(files.versions, Version(next_number(files.versions), "r", stage, "y", "z", "now"))
            number = next_number(files.moves)
            registry.add_move(files.moves, Move(number, "r", number, stage, "promote", "z", "now"))
        registers.load_registry(connection, files.versions, files.moves)
    return path


def found(store: Path, files: Kept) -> list[str]:
    with opened(store, read_only=True) as connection:
        return [str(problem) for problem in differences(connection, files, lambda record: "a" * 64)]


def test_what_was_loaded_equals_its_files(store: Path, files: Kept) -> None:
    assert found(store, files) == []


def test_loading_again_loads_only_what_is_new(store: Path, files: Kept) -> None:
    finished(files.runs / "c", other(id="c" * 64))
    (files.runs / "interrupted").mkdir()
    with opened(store) as connection:
        assert kept.load_all(connection, files, files.bundles) == ["c" * 64]
        assert kept.load_all(connection, files, files.bundles) == []


@pytest.mark.parametrize("content", [None, b"no database"])
def test_a_store_is_made_anew_from_the_files(store: Path, files: Kept, content: bytes | None) -> None:
    if content is not None:
        store.write_bytes(content)
    assert kept.rebuild(store, files) == 2
    assert found(store, files) == []
    with opened(store, read_only=True) as connection:
        assert {run.id for run in reader.runs(connection)} == {RUN.id, "b" * 64}
        assert reader.results(connection, RUN.id) == results()
        assert [row["stage"] for row in registers.moves(connection)] == ["dev", "staging"]
        assert [row["number"] for row in registers.versions(connection)] == [1, 2]
    assert [path.name for path in store.parent.iterdir() if path.name.startswith("store")] == ["store.duckdb"]


def test_a_bundle_that_was_changed_stops_the_making_and_leaves_the_old_store(store: Path, files: Kept) -> None:
    before = store.read_bytes()
    (files.runs / "b" / "outputs.jsonl").write_text("")
    with pytest.raises(OutsideError, match=r"changed after its run: outputs\.jsonl"):
        kept.rebuild(store, files)
    assert store.read_bytes() == before


def test_a_store_in_use_is_not_replaced(store: Path, files: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.2)
    before, process = store.read_bytes(), holder(store)
    with pytest.raises(StoreLocked):
        kept.rebuild(store, files)
    process.communicate("")
    assert store.read_bytes() == before


def test_versions_of_an_old_store_survive(tmp_path: Path, files: Kept) -> None:
    store = tmp_path / "old.duckdb"
    store.write_bytes(gzip.decompress((GOLDEN / "format_1" / "store.duckdb.gz").read_bytes()))
    kept.rebuild(store, files)
    with opened(store, read_only=True) as connection:
        assert [row["stage"] for row in registers.versions(connection)] == ["staging"]
    known = registry.read_registry(files.versions, files.moves, "r")
    assert [known.stage_of(version.number) for version in known.versions] == ["staging"]


CHANGES = {
    "UPDATE scores SET value = 1 WHERE position = 0 AND run LIKE 'a%'": "scores.parquet: its scores differ",
    "UPDATE outputs SET text = 'better' WHERE position = 1 AND run LIKE 'a%'": "outputs.jsonl: its outputs differ",
    "DELETE FROM answers WHERE position = 2 AND run LIKE 'a%'": "answers.jsonl: its answers differ",
    "UPDATE samples SET target = '1' WHERE position = 0 AND run LIKE 'a%'": "samples.jsonl: its samples differ",
    "UPDATE runs SET manifest = json_merge_patch(manifest, '{\"seconds\": 7}') WHERE id LIKE 'a%'": "its run differs",
    "UPDATE runs SET scored = 9 WHERE id LIKE 'b%'": "its run differs",
    "DELETE FROM runs WHERE id LIKE 'b%'": "is not in the database. Run `harness store load`.",
    "UPDATE versions SET stage = 'production'": "versions.jsonl: differs from the database's",
    "UPDATE versions SET provenance = '{\"seed\": 1}'": "versions.jsonl: differs from the database's",
    "UPDATE moves SET stage = 'production'": "moves.jsonl: differs from the database's",
    "INSERT INTO attempts VALUES (1, 't', 'r', 'd', 'PASS', '{}', 'a', '{}')": "attempts.jsonl: differs from",
    "INSERT INTO decisions VALUES ('dd', 'r', 'PASS', 't', '{}')": "the decision dd is in the database alone",
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_was_changed_in_the_database_is_named(store: Path, files: Kept, change: str) -> None:
    with opened(store) as connection:
        connection.execute(change)
    (problem,) = found(store, files)
    assert CHANGES[change] in problem


def test_a_changed_bundle_and_a_lost_one_are_named(store: Path, files: Kept) -> None:
    (files.runs / "a" / "outputs.jsonl").write_text("")
    (files.runs / "b" / "manifest.json").unlink()
    first, second = found(store, files)
    assert "changed after its run: outputs.jsonl" in first
    assert f"the run {'b' * 12} is in the database, but has no bundle" in second


@pytest.mark.parametrize(("identity", "name"), [("b" * 64, "b" * 16), ("a" * 64, "c" * 16)])
def test_a_decision_that_is_not_what_its_id_says_is_named(store: Path, files: Kept, identity: str, name: str) -> None:
    files.decisions.mkdir()
    record = {"id": identity, "release": "r", "verdict": "PASS", "decided": "now", "results": []}
    (files.decisions / f"{name}.json").write_text(json.dumps(record))
    with opened(store) as connection:
        writer.add_decision(connection, record)
    (problem,) = found(store, files)
    assert "does not have the id that follows from what it says" in problem


@pytest.mark.parametrize("order", [("a" * 64, "b" * 64), ("b" * 64, "a" * 64)])
def test_decisions_of_one_second_stand_as_they_were_taken(order: tuple[str, str], tmp_path: Path) -> None:
    files = Kept(tmp_path / "runs", tmp_path / "decisions", *(tmp_path / f"{name}.jsonl" for name in REGISTERS))
    files.decisions.mkdir()
    for name in order:
        record = {"id": name, "decided": "2026-11-22T03:12:00+00:00"}
        (files.decisions / f"{name[:16]}.json").write_text(json.dumps(record))
    files.attempts.write_text("".join(json.dumps({"decision": name}) + "\n" for name in (*order, order[0])))
    assert [record["id"] for _, record in files.records()] == list(order)
