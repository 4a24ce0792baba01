"""The cleaned copy: what is left out, what is mended, and a log of it all; the source stays as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.core.errors import ConfigError
from harness.pipeline.data.check import Asked, check_data, of_files
from tests.data.planted import Planted, plant

ROWS = [
    {"prompt": "Where is my card?", "completion": "card"},
    {"prompt": "where is  my card?", "completion": "card"},
    {"prompt": "FÃ¼r wen?", "completion": " other\n"},
    {"prompt": "What now?", "completion": "other"},
]


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    lines = [json.dumps(row) for row in ROWS] + ["{broken"]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return of_files(["rows.jsonl"], root=tmp_path)


def read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_cleaned_copy_and_a_log_of_each_row_are_written(asked: Asked, tmp_path: Path) -> None:
    before = (tmp_path / "rows.jsonl").read_bytes()
    _, fixed = check_data(asked, ["exact"], tmp_path / "clean")
    assert fixed is not None
    assert read(tmp_path / "clean/rows.jsonl") == [
        ROWS[0],
        {"prompt": "Für wen?", "completion": "other"},
        ROWS[3],
    ]
    log = {(line["line"], line["check"], line["action"]) for line in read(fixed.log)}
    assert log == {(2, "exact", "dropped"), (3, "encoding", "changed"), (5, "read", "dropped")}
    assert (fixed.kept, fixed.changed, fixed.dropped) == (3, 1, 1)
    assert (tmp_path / "rows.jsonl").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"rows.jsonl", "clean"}


def test_nothing_is_written_over(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "clean").mkdir()
    with pytest.raises(ConfigError, match="is there already"):
        check_data(asked, ["exact"], tmp_path / "clean")
    assert list((tmp_path / "clean").iterdir()) == []


def test_a_copy_is_clean_when_it_is_checked_again(tmp_path: Path) -> None:
    planted: Planted = plant(tmp_path)
    names = ["exact", "targets", "mixed", "encoding", "schema"]
    first, fixed = check_data(of_files(["rows.jsonl"], root=tmp_path), names, tmp_path / "clean")
    assert fixed is not None
    assert first.has_errors
    again, _ = check_data(of_files(["clean/rows.jsonl"], root=tmp_path), names)
    assert not again.has_errors
    assert [one.message for one in again.findings if one.check in ("mixed",)] == []
    assert again.rows == fixed.kept == first.rows - fixed.dropped
    assert fixed.dropped == len(planted.lines("exact") | planted.lines("empty") | planted.lines("json"))


def test_files_of_one_name_get_files_of_their_own(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows.jsonl").write_text(json.dumps({"prompt": name, "completion": "x"}) + "\n")
    _, fixed = check_data(of_files(["a/rows.jsonl", "b/rows.jsonl"], root=tmp_path), ["exact"], tmp_path / "clean")
    assert fixed is not None
    assert {name: path.name for name, path in fixed.files.items()} == {
        "a/rows.jsonl": "rows.jsonl",
        "b/rows.jsonl": "rows-2.jsonl",
    }
