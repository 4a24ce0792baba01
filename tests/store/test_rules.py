"""A bundle that breaks a rule is refused by file, row and rule: by the database at every load, and by pandera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from harness.core.runs import TaskResult
from harness.store import reader, schemas, writer
from harness.store.bundle import BundleRefused
from harness.store.database import opened
from harness.store.manifest import write_manifest
from tests.store.made import RUN, finished, results

Change = Callable[[TaskResult], TaskResult]


def at(part: str, place: int, **changes: Any) -> Change:
    """One row of a part with something else in it."""

    def change(result: TaskResult) -> TaskResult:
        rows = list(getattr(result, part))
        rows[place] = replace(rows[place], **changes)
        return replace(result, **{part: tuple(rows)})

    return change


ROWS: list[tuple[Change, str, str]] = [
    (at("samples", 1, id=""), "samples.jsonl, row 2", "id is not empty"),
    (at("samples", 3, row=None), "samples.jsonl, row 4", "row is there"),
    (at("outputs", 2, sample_id=None), "outputs.jsonl, row 3", "sample_id is there"),
    (at("outputs", 0, latency=-0.1), "outputs.jsonl, row 1", "latency is at least 0"),
    (at("outputs", 1, prompt_tokens=-1), "outputs.jsonl, row 2", "prompt_tokens is at least 0"),
    (at("outputs", 1, repeat=-1), "outputs.jsonl, row 2", "repeat is at least 0"),
    (at("answers", 1, outcome="lost"), "answers.jsonl, row 2", "outcome is one of scored, model_failed, not_evaluated"),
    (at("answers", 1, outcome=None), "answers.jsonl, row 2", "outcome is there"),
    (at("scores", 5, metric=""), "scores.parquet, row 6", "metric is not empty"),
    (at("scores", 0, value=None), "scores.parquet, row 1", "value is there, or reason says why not"),
]


@pytest.mark.parametrize(("change", "place", "rule"), ROWS)
def test_a_row_that_breaks_a_rule_is_named(tmp_path: Path, change: Change, place: str, rule: str) -> None:
    first, second = results()
    folder = finished(tmp_path / "run", given=(change(first), second))
    for refuse in (schemas.validate, lambda folder: refused_by_the_database(tmp_path, folder)):
        with pytest.raises(BundleRefused) as raised:
            refuse(folder)
        assert f"{place}, breaks the rule '{rule}'" in str(raised.value)


def refused_by_the_database(root: Path, folder: Path) -> None:
    store = root / "store.duckdb"
    try:
        writer.bring_in(store, folder)
    finally:
        with opened(store, read_only=True) as connection:
            assert reader.runs(connection) == []


def lacking(part: str) -> Change:
    return lambda result: replace(result, **{part: getattr(result, part)[:-1]})


def doubled(part: str) -> Change:
    return lambda result: replace(result, **{part: (*getattr(result, part), getattr(result, part)[0])})


RELATIONS: list[tuple[Change, str, str]] = [
    (lacking("outputs"), "samples.jsonl, row 4", "each sample has one of the outputs for each repeat"),
    (lacking("answers"), "samples.jsonl, row 4", "each sample has one of the answers for each repeat"),
    (lacking("samples"), "outputs.jsonl, row 4", "sample_id is one of the samples"),
    (doubled("samples"), "samples.jsonl, row 5", "task, id stand once"),
    (doubled("outputs"), "outputs.jsonl, row 5", "task, sample_id, repeat stand once"),
    (doubled("answers"), "answers.jsonl, row 5", "task, sample_id, repeat stand once"),
    (at("scores", 0, sample_id="s99"), "scores.parquet, row 1", "sample_id is one of the samples"),
    (at("outputs", 1, repeat=1), "samples.jsonl, row 1", "each sample has one of the outputs for each repeat"),
]


@pytest.mark.parametrize(("change", "place", "rule"), RELATIONS)
def test_rows_that_do_not_fit_together_are_named(tmp_path: Path, change: Change, place: str, rule: str) -> None:
    folder = finished(tmp_path / "run", given=(change(results()[0]),))
    with pytest.raises(BundleRefused) as raised:
        refused_by_the_database(tmp_path, folder)
    assert f"{place}, breaks the rule '{rule}'" in str(raised.value)


def test_what_keeps_the_rules_goes_in(tmp_path: Path) -> None:
    folder = finished(tmp_path / "run")
    schemas.validate(folder)
    writer.bring_in(tmp_path / "store.duckdb", folder)


def hashed_anew(folder: Path) -> None:
    """The manifest with the hashes of the parts as they are now."""
    write_manifest(folder, RUN, {})


@pytest.mark.parametrize("value", ["'nan'::DOUBLE", "'inf'::DOUBLE"])
def test_a_score_that_is_no_number_is_refused_though_its_hash_is_right(tmp_path: Path, value: str) -> None:
    folder = finished(tmp_path / "run")
    path, changed = folder / "scores.parquet", folder / "changed"
    with duckdb.connect() as connection:
        query = f"SELECT * REPLACE ({value} AS value) FROM read_parquet('{path}')"
        connection.execute(f"COPY ({query}) TO '{changed}' (FORMAT parquet)")
    changed.replace(path)
    hashed_anew(folder)
    for refuse in (schemas.validate, lambda folder: refused_by_the_database(tmp_path, folder)):
        with pytest.raises(BundleRefused, match=r"scores\.parquet, row 1, .*'value is a finite number or missing'"):
            refuse(folder)


def test_a_file_that_is_not_what_its_columns_say_is_refused(tmp_path: Path) -> None:
    folder = finished(tmp_path / "run")
    path = folder / "outputs.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"prompt_tokens":3', b'"prompt_tokens":"three"', 1))
    hashed_anew(folder)
    for refuse in (schemas.validate, lambda folder: refused_by_the_database(tmp_path, folder)):
        with pytest.raises(BundleRefused, match="three"):
            refuse(folder)


def test_every_chunk_is_checked_and_the_row_is_counted_from_the_files_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schemas, "VECTORS", 1)
    given = at("outputs", 4999, latency=-1.0)(results([str(i) for i in range(6000)])[0])
    with pytest.raises(BundleRefused, match=r"outputs\.jsonl, row 5000"):
        schemas.validate(finished(tmp_path, given=(given,)))
