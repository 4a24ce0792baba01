"""Attempts and versions stand in a file first, and file and table are brought to the same wherever they were parted."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from harness.core.errors import OutsideError
from harness.store import files, reader, registers
from harness.store.database import opened
from harness.store.migrations import STEPS

ATTEMPT = {"time": "2026-01-01T00:00:00+00:00", "release": "r", "decision": "d" * 64, "verdict": "PASS", "runs": {}}


def add(store: Path, file: Path, adapter: str, stage: str) -> int:
    with opened(store) as connection:
        return registers.add_version(connection, file, "r", adapter, "base", "d", stage, "now")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.duckdb"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "versions.jsonl"


def test_versions_count_up_and_the_same_promotion_is_one(store: Path, file: Path) -> None:
    made = [add(store, file, *one) for one in [("x", "dev"), ("x", "dev"), ("x", "production"), ("y", "dev")]]
    assert made == [1, 1, 2, 3]
    with opened(store, read_only=True) as connection:
        assert [row.number for row in reader.versions(connection)] == [3, 2, 1]
        assert reader.versions(connection, "other") == []
        assert registers.versions(connection) == list(files.lines_of(file))


def test_a_version_whose_file_cannot_be_written_is_none(store: Path, file: Path) -> None:
    file.symlink_to("/dev/full")
    with pytest.raises(OutsideError, match="No space left"):
        add(store, file, "x", "dev")
    with opened(store, read_only=True) as connection:
        assert reader.versions(connection) == []


def test_a_kill_between_file_and_table_gives_no_number_twice(store: Path, file: Path) -> None:
    add(store, file, "x", "dev")
    line = json.loads(file.read_text())
    files.append(file, {**line, "number": 2, "adapter_digest": "y"})
    assert add(store, file, "z", "dev") == 3
    assert add(store, file, "y", "dev") == 2


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
        add(store, file, "y", "dev")


def test_versions_that_stood_in_the_table_alone_get_into_the_file(store: Path, file: Path) -> None:
    add(store, file, "x", "dev")
    whole = file.read_bytes()
    file.unlink()
    with opened(store) as connection:
        registers.load_versions(connection, file)
    assert file.read_bytes() == whole


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
