"""Files to three files, through real reading and writing."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from harness.core.errors import ConfigError
from harness.pipeline.data.split import SplitAsked, split_files


def _row(number: int, **more: object) -> dict[str, object]:
    random = Random(number)
    text = " ".join(f"{random.getrandbits(24):x}" for _ in range(10))
    return {"prompt": text, "response": f"answer {number}", "label": "ab"[number % 2], **more}


def _file(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _sides(folder: Path) -> dict[str, str]:
    return {
        json.loads(line)["prompt"]: name
        for name in ("train", "validation", "test")
        for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    }


def test_every_row_is_written_once_as_it_stood(tmp_path: Path) -> None:
    rows = [_row(number) for number in range(300)]
    found = split_files([_file(tmp_path / "rows.jsonl", rows)], tmp_path / "out", SplitAsked(label="label"))
    written = [
        json.loads(line)
        for name in found.rows
        for line in (tmp_path / "out" / f"{name}.jsonl").read_text().splitlines()
    ]
    assert sorted(written, key=str) == sorted(rows, key=str)
    assert sum(found.rows.values()) == 300
    assert found.rows["train"] > 200
    assert found.left_out == ()
    assert sum(found.labels["a"].values()) == 150
    record = json.loads((tmp_path / "out" / "split.json").read_text())
    assert record["sets"]["train"]["rows"] == found.rows["train"]


def test_a_split_made_anew_with_more_rows_behind_moves_none(tmp_path: Path) -> None:
    old = _file(tmp_path / "old.jsonl", [_row(number) for number in range(200)])
    new = _file(tmp_path / "new.jsonl", [_row(number) for number in range(200, 400)])
    split_files([old], tmp_path / "one")
    split_files([old, new], tmp_path / "two")
    before, after = _sides(tmp_path / "one"), _sides(tmp_path / "two")
    assert {text: after[text] for text in before} == before


def test_a_split_into_the_same_folder_moves_none_whatever_comes_before(tmp_path: Path) -> None:
    rows = [_row(number) for number in range(100)]
    near = [{**row, "prompt": f"{row['prompt']} x"} for row in rows]
    old, new = _file(tmp_path / "old.jsonl", rows), _file(tmp_path / "new.jsonl", near)
    split_files([old], tmp_path / "out")
    before = _sides(tmp_path / "out")
    found = split_files([new, old], tmp_path / "out")
    after = _sides(tmp_path / "out")
    assert {text: after[text] for text in before} == before
    assert all(after[f"{text} x"] == side for text, side in before.items())
    assert found.kept == 100


def test_conversations_stay_together(tmp_path: Path) -> None:
    rows = [_row(number, talk=number // 5) for number in range(300)]
    split_files([_file(tmp_path / "rows.jsonl", rows)], tmp_path / "out", SplitAsked(group="talk"))
    sides = _sides(tmp_path / "out")
    assert all(len({sides[str(row["prompt"])] for row in rows[i : i + 5]}) == 1 for i in range(0, 300, 5))


def test_what_joins_two_sides_is_left_out_and_named(tmp_path: Path) -> None:
    rows = [_row(number, talk=number) for number in range(40)]
    split_files([_file(tmp_path / "rows.jsonl", rows)], tmp_path / "one", SplitAsked(group="talk"))
    sides = _sides(tmp_path / "one")
    train = next(row for row in rows if sides[str(row["prompt"])] == "train")
    test = next(row for row in rows if sides[str(row["prompt"])] == "test")
    both = {**train, "talk": test["talk"]}
    found = split_files([_file(tmp_path / "more.jsonl", [*rows, both])], tmp_path / "two", SplitAsked(group="talk"))
    assert [place.line for place in found.left_out] == [41]
    assert "1 row is left out" in found.notes[0]
    [left] = (tmp_path / "two" / "left_out.jsonl").read_text().splitlines()
    assert json.loads(left)["row"] == both
    assert json.loads(left)["line"] == 41


def test_by_time_no_training_row_is_newer_than_a_test_row(tmp_path: Path) -> None:
    rows = [_row(number, day=f"2026-01-{1 + number * 5 % 28:02}") for number in range(200)]
    split_files([_file(tmp_path / "rows.jsonl", rows)], tmp_path / "out", SplitAsked(time="day"))
    sides, days = _sides(tmp_path / "out"), {str(row["prompt"]): str(row["day"]) for row in rows}
    newest = max(days[text] for text, side in sides.items() if side == "train")
    assert newest < min(days[text] for text, side in sides.items() if side == "test")


def test_every_row_that_lacks_a_column_is_named_at_once(tmp_path: Path) -> None:
    rows = [_row(0, day="2026-01-01"), _row(1, talk=1), _row(2, talk=2, day="soon")]
    with pytest.raises(ConfigError) as error:
        split_files([_file(tmp_path / "rows.jsonl", rows)], tmp_path / "out", SplitAsked(group="talk", time="day"))
    assert [(problem.line, problem.message) for problem in error.value.problems] == [
        (1, 'the row has no "talk".'),
        (2, 'the row has no "day".'),
        (3, 'the row has no time in "day" (an ISO 8601 date, or seconds since 1970).'),
    ]
    assert not (tmp_path / "out").exists()


def test_files_that_are_no_split_are_never_overwritten(tmp_path: Path) -> None:
    rows, out = _file(tmp_path / "rows.jsonl", [_row(number) for number in range(50)]), tmp_path / "out"
    out.mkdir()
    mine = _file(out / "train.jsonl", [_row(7)])
    with pytest.raises(ConfigError, match=r"holds train\.jsonl, but no split\.json"):
        split_files([rows], out)
    mine.unlink()
    split_files([rows], out)
    with pytest.raises(ConfigError, match="another shares"):
        split_files([rows], out, SplitAsked(shares="70/20/10"))
    with (out / "test.jsonl").open("a") as file:
        file.write(json.dumps(_row(99)) + "\n")
    with pytest.raises(ConfigError, match="was changed since it was split"):
        split_files([rows], out)


def test_a_label_without_test_rows_is_told(tmp_path: Path) -> None:
    rows = [*(_row(number) for number in range(100)), _row(100, label="rare")]
    rows[-1]["label"] = "rare"
    found = split_files([_file(tmp_path / "rows.jsonl", rows)], tmp_path / "out", SplitAsked(label="label"))
    assert any('label "rare" (1 rows) has none in test' in note for note in found.notes) or found.labels["rare"]["test"]
