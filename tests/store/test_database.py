"""The database gives back what the bundles hold, once each, in order; and is refused where it cannot be trusted."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from harness.core.errors import ConfigError, OutsideError
from harness.core.runs import TaskResult
from harness.core.samples import Answer, Outcome, Output, Sample, Score
from harness.store import database, migrations, reader, writer
from harness.store.bundle import BundleRefused
from harness.store.database import opened
from harness.store.migrations import STEPS
from tests.store.made import RUN, finished, other, results

TABLES = ("runs", "samples", "outputs", "answers", "scores", "decisions", "versions", "attempts", "migrations")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "state" / "store.duckdb"


def counts(connection: duckdb.DuckDBPyConnection) -> list[int]:
    return [connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in TABLES]


def test_results_come_back_as_they_were_in_their_order(tmp_path: Path, store: Path) -> None:
    with opened(store) as connection:
        writer.load_bundle(connection, finished(tmp_path / "run"))
    with opened(store, read_only=True) as connection:
        assert reader.runs(connection) == [RUN]
        assert reader.results(connection, RUN.id) == results()


def test_hard_texts_come_back(tmp_path: Path, store: Path) -> None:
    given = results(("a\0b", "\u2028", "'; DROP TABLE runs; --", "NaN", "last"))
    with opened(store) as connection:
        writer.load_bundle(connection, finished(tmp_path / "run", given=given))
        assert reader.results(connection, RUN.id) == given


def test_many_rows_keep_their_order(tmp_path: Path, store: Path) -> None:
    names = [f"s{(i * 7919) % 5003}" for i in range(5003)]
    given = TaskResult(
        "t",
        tuple(Sample(name, {"id": name}, "x") for name in names),
        tuple(Output(name, name) for name in names),
        tuple(Answer(name, Outcome.SCORED, name) for name in names),
        tuple(Score(name, "m", 0.5) for name in names),
    )
    with opened(store) as connection:
        writer.load_bundle(connection, finished(tmp_path / "run", given=(given,)))
        assert reader.results(connection, RUN.id) == (given,)


def test_loading_twice_changes_nothing(tmp_path: Path, store: Path) -> None:
    folder = finished(tmp_path / "run")
    with opened(store) as connection:
        writer.load_bundle(connection, folder)
        before = counts(connection)
        writer.load_bundle(connection, folder)
        assert counts(connection) == before
    with opened(store) as connection:
        writer.load_bundle(connection, folder)
        assert counts(connection) == before


def test_two_runs_do_not_mix(tmp_path: Path, store: Path) -> None:
    first, second = results()
    with opened(store) as connection:
        writer.load_bundle(connection, finished(tmp_path / "a"))
        writer.load_bundle(connection, finished(tmp_path / "b", other(id="f" * 64), (second,)))
        assert reader.results(connection, RUN.id) == (first, second)
        assert reader.results(connection, "f" * 64) == (second,)
        assert [run.id for run in reader.runs(connection, ["f" * 64])] == ["f" * 64]


def test_an_edited_bundle_is_not_loaded(tmp_path: Path, store: Path) -> None:
    folder = finished(tmp_path / "run")
    (folder / "scores.parquet").write_text("")
    with opened(store) as connection:
        with pytest.raises(OutsideError, match=r"scores\.parquet"):
            writer.load_bundle(connection, folder)
        assert counts(connection)[:5] == [0] * 5


def test_a_load_that_fails_at_its_end_leaves_nothing(tmp_path: Path, store: Path) -> None:
    first, second = results()
    folder = finished(tmp_path / "run", given=(first, replace(second, answers=())))
    with opened(store) as connection:
        with pytest.raises(BundleRefused, match="one of the answers"):
            writer.load_bundle(connection, folder)
        assert counts(connection)[:5] == [0] * 5
    with opened(store) as connection:
        assert counts(connection)[:5] == [0] * 5


def test_a_step_that_fails_leaves_the_old_tables(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(store) as connection:
        writer.add_decision(connection, record("a1"))
    broken = "ALTER TABLE decisions ADD COLUMN more TEXT; UPDATE decisions SET more = 'x'; SELECT nothing FROM nowhere;"
    with monkeypatch.context() as patched:
        for module in (migrations, database):
            patched.setattr(module, "STEPS", (*STEPS, broken))
        for read_only in (False, True):
            with pytest.raises(OutsideError, match="nowhere"), opened(store, read_only):
                pass
    with opened(store, read_only=True) as connection:
        assert reader.decision(connection, "a1") == record("a1")
        assert counts(connection)[-1] == len(STEPS)
        columns = connection.execute("SELECT * FROM decisions").description
        assert "more" not in [column[0] for column in columns]


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_store_is_refused(store: Path, read_only: bool) -> None:
    with opened(store) as connection:
        connection.execute("INSERT INTO migrations VALUES (?, current_timestamp)", [len(STEPS) + 1])
    with pytest.raises(ConfigError, match=r"newer harness.*Update harness"), opened(store, read_only):
        pass


def test_a_store_is_migrated_once(store: Path) -> None:
    for _ in range(2):
        with opened(store) as connection:
            assert counts(connection)[-1] == len(STEPS)


@pytest.mark.parametrize("content", [b"no database", b"\0" * 20000])
def test_a_file_that_is_no_store_is_told(store: Path, content: bytes) -> None:
    store.parent.mkdir()
    store.write_bytes(content)
    with pytest.raises(OutsideError, match=r"store\.duckdb"), opened(store):
        pass


def test_a_database_of_something_else_is_told(store: Path) -> None:
    store.parent.mkdir()
    duckdb.connect(str(store)).close()
    with pytest.raises(OutsideError, match="cannot be used"), opened(store, read_only=True):
        pass


HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


def holder(store: Path) -> subprocess.Popen[str]:
    """Another process that has the store open until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_a_locked_store_is_named_after_the_wait(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(store):
        pass
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.2)
    process = holder(store)
    with (
        pytest.raises(OutsideError, match=r"another process holds it, process \d+ \(python.*\)") as raised,
        opened(store),
    ):
        pass
    process.communicate("")
    assert str(process.pid) in str(raised.value)
    assert str(store) in str(raised.value)


def test_a_store_that_is_let_go_is_waited_for(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(store):
        pass
    process = holder(store)
    monkeypatch.setattr(database.time, "sleep", lambda _: process.communicate(""))
    with opened(store) as connection:
        assert counts(connection)[-1] == len(STEPS)


def record(identity: str, decided: str = "2026-01-01T00:00:00+00:00", verdict: str = "PASS") -> dict[str, object]:
    return {"id": identity, "release": "r", "verdict": verdict, "decided": decided}


def test_decisions_are_kept_once_and_come_newest_first(store: Path) -> None:
    with opened(store) as connection:
        for one in (record("a1"), record("b1", verdict="FAIL"), record("a1", "2027-01-01T00:00:00+00:00")):
            writer.add_decision(connection, one)
        assert [row.id for row in reader.decisions(connection, "r")] == ["b1", "a1"]
        assert reader.decision(connection, "a") == record("a1")


@pytest.mark.parametrize("prefix", ["a", "zz", "'", "%"])
def test_a_prefix_of_several_decisions_or_none_finds_nothing(store: Path, prefix: str) -> None:
    with opened(store) as connection:
        writer.add_decision(connection, record("a1"))
        writer.add_decision(connection, record("a2"))
        assert reader.decision(connection, prefix) is None
