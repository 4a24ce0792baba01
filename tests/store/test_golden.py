"""Stores that earlier versions wrote are opened by today's reader. The files were made by those versions themselves."""

from __future__ import annotations

import gzip
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harness.store import bundle, reader, records, registers, schemas, writer
from harness.store.database import opened
from harness.store.migrations import STEPS
from harness.store.rules import files_equal
from tests.store.made import RUN, results

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A database with the first step's tables."""
    path = tmp_path / "store.duckdb"
    path.write_bytes(gzip.decompress((GOLDEN / "format_1" / "store.duckdb.gz").read_bytes()))
    return path


def test_a_bundle_of_format_1_is_read(tmp_path: Path) -> None:
    folder = GOLDEN / "format_1" / "bundle"
    assert bundle.read_run(folder) == RUN
    assert bundle.read_results(folder) == results()
    schemas.validate(folder)


def test_a_bundle_of_format_1_is_loaded(tmp_path: Path) -> None:
    writer.bring_in(tmp_path / "store.duckdb", GOLDEN / "format_1" / "bundle")
    with opened(tmp_path / "store.duckdb", read_only=True) as connection:
        assert reader.runs(connection) == [RUN]
        assert reader.results(connection, RUN.id) == results()


def test_an_edited_bundle_of_format_1_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(GOLDEN / "format_1" / "bundle", tmp_path / "bundle")
    (folder / "scores.jsonl").write_text("")
    with pytest.raises(bundle.BundleRefused, match=r"scores\.jsonl"):
        bundle.read_run(folder)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_database_of_the_first_step_is_brought_up_to_date_by_whoever_opens_it(store: Path, read_only: bool) -> None:
    with opened(store, read_only) as connection:
        assert connection.execute("SELECT max(step) FROM migrations").fetchone() == (len(STEPS),)
        assert reader.runs(connection) == [RUN]
        assert reader.results(connection, RUN.id) == results()
        assert [row.verdict for row in reader.decisions(connection)] == ["PASS"]
        assert [row["number"] for row in registers.versions(connection)] == [1]


def test_a_migrated_database_equals_one_that_is_loaded_anew(store: Path) -> None:
    with opened(store) as connection:
        for part, path in bundle.part_files(GOLDEN / "format_1" / "bundle").items():
            assert files_equal(connection, part, path, RUN.id)


def test_a_run_of_an_older_harness_is_written_as_it_was() -> None:
    """The database compares a run's JSON with that of its bundle."""
    assert "data" not in records.run_to_json(RUN)
    told = replace(RUN, data={"t": "e" * 64})
    assert records.run_from_json(records.run_to_json(told)) == told
    assert records.run_from_json(records.run_to_json(RUN)) == RUN
