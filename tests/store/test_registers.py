"""Attempts, versions and moves stand in a file first; file and table say the same wherever they were parted."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from harness.core.errors import OutsideError
from harness.core.versions import Move, Version
from harness.store import files, registers, registry
from harness.store.database import opened
from harness.store.migrations import STEPS

ATTEMPT = {"time": "2026-01-01T00:00:00+00:00", "release": "r", "decision": "d" * 64, "verdict": "PASS", "runs": {}}


OLD = ("number", "release", "adapter_digest", "base_digest", "decision", "stage", "created")


def add(store: Path, file: Path, adapter: str, stage: str) -> int:
    """A version as today's harness records it, with its first move; gives its number."""
    made = Version(registry.next_number(file), "r", adapter, "base", "d", "now", {"data": "e"}, {"seed": 42})
    registry.add_version(file, made)
    moves = file.with_name("moves.jsonl")
    share = 0.05 if stage == "canary" else None
    move = Move(registry.next_number(moves), "r", made.number, stage, "promote", "d", "now", "me", share)
    registry.add_move(moves, move)
    load(store, file)
    return made.number


def load(store: Path, file: Path) -> None:
    with opened(store) as connection:
        registers.load_registry(connection, file, file.with_name("moves.jsonl"))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.duckdb"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "versions.jsonl"


def test_tables_hold_what_the_files_say(store: Path, file: Path) -> None:
    made = [add(store, file, *one) for one in [("x", "dev"), ("y", "canary"), ("x", "production")]]
    assert made == [1, 2, 3]
    with opened(store, read_only=True) as connection:
        assert registers.versions(connection) == list(files.lines_of(file))
        assert registers.moves(connection) == list(files.lines_of(file.with_name("moves.jsonl")))
        assert registers.moves(connection)[1]["share"] == 0.05
        assert not registers.registry_is_behind(connection, file, file.with_name("moves.jsonl"))


def test_a_line_that_only_a_file_has_is_behind_until_it_is_loaded(store: Path, file: Path) -> None:
    add(store, file, "x", "dev")
    moves = file.with_name("moves.jsonl")
    registry.add_move(moves, Move(registry.next_number(moves), "r", 1, "production", "rollback", "d", "now"))
    with opened(store, read_only=True) as connection:
        assert registers.registry_is_behind(connection, file, moves)
    load(store, file)
    with opened(store, read_only=True) as connection:
        assert [move["why"] for move in registers.moves(connection)] == ["promote", "rollback"]


def test_a_version_whose_file_cannot_be_written_is_none(store: Path, file: Path) -> None:
    file.symlink_to("/dev/full")
    with pytest.raises(OutsideError, match="No space left"):
        registry.add_version(file, Version(1, "r", "x", "base", "d", "now"))
    file.unlink()
    load(store, file)
    with opened(store, read_only=True) as connection:
        assert registers.versions(connection) == []


def test_a_torn_line_was_never_a_version(store: Path, file: Path) -> None:
    add(store, file, "x", "dev")
    with file.open("ab") as torn:
        torn.write(b'{"number":2,"rele')
    assert add(store, file, "y", "dev") == 2
    assert [line["adapter_digest"] for line in files.lines_of(file)] == ["x", "y"]


def test_a_line_that_was_edited_away_is_told(store: Path, file: Path) -> None:
    add(store, file, "x", "dev")
    file.write_text("not json\n" + file.read_text())
    with pytest.raises(OutsideError, match=r"versions\.jsonl:1 is no JSON"):
        load(store, file)


def test_versions_of_older_harnesses_stay_as_they_are(store: Path, file: Path) -> None:
    line = dict(zip(OLD, (1, "r", "x", "base", "d", "production", "now"), strict=True))
    files.append(file, line)
    load(store, file)
    with opened(store, read_only=True) as connection:
        assert registers.versions(connection) == [line]
        assert registers.moves(connection) == []


@pytest.mark.parametrize("name", ["versions.jsonl", "moves.jsonl"])
def test_what_stood_in_a_table_alone_gets_into_the_file(store: Path, file: Path, name: str) -> None:
    add(store, file, "x", "dev")
    lost = file.with_name(name)
    whole = lost.read_bytes()
    lost.unlink()
    load(store, file)
    assert lost.read_bytes() == whole


def test_each_time_counts_as_an_attempt(store: Path, file: Path) -> None:
    for _ in range(2):
        with opened(store) as connection:
            registers.add_attempt(connection, file, ATTEMPT)
    with opened(store, read_only=True) as connection:
        assert registers.attempts(connection) == [{"number": 1, **ATTEMPT}, {"number": 2, **ATTEMPT}]
        assert list(files.lines_of(file)) == registers.attempts(connection)


def test_lines_of_older_harnesses_stay_as_they_are(store: Path, file: Path) -> None:
    told = {**ATTEMPT, "candidate": "a" * 64, "data": {"s.t": "e" * 64}}
    for line in (ATTEMPT, told):
        with opened(store) as connection:
            registers.add_attempt(connection, file, line)
    with opened(store, read_only=True) as connection:
        assert registers.attempts(connection) == [{"number": 1, **ATTEMPT}, {"number": 2, **told}]
        assert list(files.lines_of(file)) == registers.attempts(connection)


def test_an_attempt_that_only_file_or_table_has_is_known(store: Path, file: Path) -> None:
    with opened(store) as connection:
        registers.add_attempt(connection, file, ATTEMPT)
    file.unlink()
    files.append(file, {"number": 2, **ATTEMPT})
    with opened(store, read_only=True) as connection:
        assert [line["number"] for line in registers.known_attempts(connection, file)] == [1, 2]


def test_attempts_of_the_second_step_are_brought_along(store: Path, file: Path) -> None:
    files.append(file, {"number": 1, **ATTEMPT})
    with duckdb.connect(str(store)) as connection:
        connection.execute("CREATE TABLE migrations (step BIGINT PRIMARY KEY, applied TIMESTAMP)")
        for number, step in enumerate(STEPS[:2], start=1):
            connection.execute(step)
            connection.execute("INSERT INTO migrations VALUES (?, current_timestamp)", [number])
        values = [1, *(ATTEMPT[name] for name in ("time", "release", "decision", "verdict")), "{}"]
        connection.execute("INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?)", values)
    with opened(store) as connection:
        assert registers.attempts(connection) == list(files.lines_of(file))
        assert registers.load_attempts(connection, file) == 1
