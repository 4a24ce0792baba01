"""What other programs get of the store; a query reads the store, and nothing else."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest

from harness.core.errors import ConfigError, OutsideError
from harness.store import export, writer
from harness.store.database import opened
from tests.store.made import RUN, finished, other, results


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "store.duckdb"
    for folder in (finished(tmp_path / "a"), finished(tmp_path / "b", other(id="b" * 64))):
        writer.bring_in(path, folder)
    return path


def read(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    function = {".parquet": "read_parquet", ".jsonl": "read_json"}[path.suffix]
    with duckdb.connect() as connection:
        cursor = connection.execute(f"SELECT * FROM {function}('{path}')")
        columns = [column[0] for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize("kind", export.FORMATS)
def test_a_run_is_written_in_order(tmp_path: Path, store: Path, kind: str) -> None:
    with opened(store, read_only=True) as connection:
        folder = export.export_run(connection, "aaaa", tmp_path / "out", kind)
    answers = read(folder / f"answers.{kind}")
    assert [row["sample_id"] for row in answers] == [one.sample_id for task in results() for one in task.answers]
    scores = read(folder / f"scores.{kind}")
    given = [score for task in results() for score in task.scores]
    assert [float(str(row["value"])) if row["value"] not in (None, "") else None for row in scores] == [
        score.value for score in given
    ]
    assert json.loads((folder / "run.json").read_text())["id"] == RUN.id
    outputs = read(folder / f"outputs.{kind}")
    assert [row["text"] or "" for row in outputs] == [one.text or "" for task in results() for one in task.outputs]


def test_everything_is_written(tmp_path: Path, store: Path) -> None:
    with opened(store, read_only=True) as connection:
        folder = export.export_all(connection, tmp_path / "out", "jsonl")
    assert len(read(folder / "runs.jsonl")) == 2
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {"a" * 16, "b" * 16}
    assert all((folder / f"{table}.jsonl").is_file() for table in ("decisions", "attempts", "versions", "moves"))


@pytest.mark.parametrize("prefix", ["", "zzz", "%", "a' OR 'a"])
def test_no_run_or_several_is_told(tmp_path: Path, store: Path, prefix: str) -> None:
    with opened(store, read_only=True) as connection, pytest.raises(ConfigError, match="no single run starts with"):
        export.export_run(connection, prefix, tmp_path, "csv")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, store: Path) -> None:
    with opened(store, read_only=True) as connection, pytest.raises(OutsideError, match="cannot write"):
        export.export_run(connection, RUN.id, store, "csv")


def test_a_query_gives_columns_and_rows(store: Path) -> None:
    table = export.query(store, "SELECT sample_id, count(*) AS n FROM scores WHERE part = '' GROUP BY ALL ORDER BY ALL")
    assert table.columns == ("sample_id", "n")
    assert list(table.rows) == [("s1", 4), ("s2", 2), ("s3", 2), ("s4", 2)]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM scores", "CREATE TABLE t (x INT)", "COPY scores TO '{folder}/out.csv'",
        "SELECT * FROM read_csv('{folder}/secret.csv')", "ATTACH '{folder}/other.duckdb'", "INSTALL httpfs",
        "SET enable_external_access = true", "SELECT nonsense", "not sql",
    ],
)  # fmt: skip
def test_a_query_changes_nothing_and_reads_no_other_file(store: Path, tmp_path: Path, sql: str) -> None:
    (tmp_path / "secret.csv").write_text("name\nsecret\n")
    before, files = store.read_bytes(), sorted(tmp_path.iterdir())
    with pytest.raises(ConfigError, match="the query cannot be run"):
        export.query(store, sql.format(folder=tmp_path))
    assert store.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == files


def test_no_cell_of_a_csv_file_is_run_by_a_spreadsheet(tmp_path: Path) -> None:
    texts = ("=cmd|' /C calc'!A0", "@SUM(A1)", "-1+1", "+A1", "\t=1", "＝1+1", "-1.5", "a=b", "-")
    run = finished(tmp_path / "a", given=(results(texts)[0],))
    writer.bring_in(tmp_path / "store.duckdb", run)
    with opened(tmp_path / "store.duckdb", read_only=True) as connection:
        folder = export.export_run(connection, "aaaa", tmp_path / "out", "csv")
        plain = export.export_run(connection, "aaaa", tmp_path / "plain", "jsonl")
    said = [str(row["text"]) for row in read(folder / "outputs.csv")][:-1]
    assert said == [f"'{text}" for text in texts[:6]] + ["-1.5", "a=b"]
    assert [row["text"] for row in read(plain / "outputs.jsonl")][:-1] == list(texts[:-1])
    assert [export.without_formula(text) for text in texts[:-1]] == said
    assert next(row["value"] for row in read(folder / "scores.csv")).startswith("0.33")
