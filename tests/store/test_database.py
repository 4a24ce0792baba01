"""The database gives back what the bundles hold, once each, in order; and is refused where it cannot be trusted."""

from __future__ import annotations

import subprocess
import sys
import tempfile
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
from tests.projects import ENVIRONMENT
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


LOAD = """
import sys
from pathlib import Path
from harness.store.writer import bring_in
print("ready", flush=True)
sys.stdin.readline()
bring_in(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def loader(store: Path, folder: Path) -> subprocess.Popen[str]:
    """A process that waits for a line and then brings a bundle in."""
    process = subprocess.Popen(
        [sys.executable, "-c", LOAD, str(store), str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def test_processes_that_finish_at_once_all_get_in(tmp_path: Path, store: Path) -> None:
    names = [f"{letter}" * 64 for letter in "abcd"]
    folders = [finished(tmp_path / name[0], other(id=name)) for name in names]
    processes = [loader(store, folder) for folder in folders]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        assert process.communicate(timeout=60)[1] == ""
        assert process.returncode == 0
    with opened(store, read_only=True) as connection:
        assert [run.id for run in reader.runs(connection)] == names
        assert all(reader.results(connection, name) == results() for name in names)


def test_a_locked_store_leaves_the_bundle_whole_and_says_how_it_comes_in(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = finished(tmp_path / "run")
    with opened(store):
        pass
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.2)
    process = holder(store)
    with pytest.raises(OutsideError, match=f"run is whole in .*process {process.pid} .*`harness store load` brings"):
        writer.bring_in(store, folder)
    process.communicate("")
    writer.bring_in(store, folder)
    with opened(store, read_only=True) as connection:
        assert reader.results(connection, RUN.id) == results()


FULL = """
import resource, sys
from pathlib import Path
from harness.core.errors import OutsideError
from harness.store.writer import bring_in
limit = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), limit))
try:
    bring_in(Path(sys.argv[1]), Path(sys.argv[2]))
except OutsideError as error:
    sys.exit(str(error))
"""


@pytest.mark.parametrize("limit", [0, 4096, 300_000])
def test_a_full_disk_leaves_the_bundle_whole_and_the_store_usable(tmp_path: Path, store: Path, limit: int) -> None:
    texts = [f"{i} {hash(str(i))} " * 20 for i in range(3_000)]
    folder = finished(tmp_path / "run", given=results(texts))
    command = [sys.executable, "-c", FULL, str(store), str(folder), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 1, done.stderr
    assert "the run is whole in" in done.stderr
    assert "`harness store load` brings it in later" in done.stderr
    assert "Traceback" not in done.stderr
    writer.bring_in(store, folder)
    with opened(store, read_only=True) as connection:
        assert reader.results(connection, RUN.id) == results(texts)


READ_ONLY = FULL.replace("try:", "import os\nif os.getuid() == 0: os.setuid(65534)\ntry:")


def test_a_read_only_store_is_told() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        folder, store = finished(root / "run"), root / "state" / "store.duckdb"
        with opened(store):
            pass
        for path, mode in ((root, 0o755), (store.parent, 0o555), (store, 0o444)):
            path.chmod(mode)
        command = [sys.executable, "-c", READ_ONLY, str(store), str(folder), str(-1)]
        done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False)
        store.parent.chmod(0o755)
    assert "Permission denied" in done.stderr
    assert "`harness store load` brings it in later" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutsideError, match="cannot be opened: File exists"), opened(tmp_path / "file" / "s.duckdb"):
        pass
