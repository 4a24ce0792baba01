"""From a stored run to a labelling file, and back to training rows."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from harness.core.errors import ConfigError
from harness.core.releases import Release
from harness.pipeline.data.labelling import write_labelling
from harness.pipeline.data.merge import MergeAsked, merge_rows
from harness.pipeline.data.next import Chosen, next_rows
from harness.pipeline.validate import validate
from tests.pipeline.release_project import Project, write_rows
from tests.tgi_stub import Stub

_WORDS = """
billing invoice charge refund price bank monthly euro receipt fee amount tax discount paid
shipping parcel van courier harbour delivery street arrive driver depot tracking late box truck
other opening hours museum weather poem recipe joke football garden music film river cloud
"""
_TOPICS = {words[0]: words[1:] for words in map(str.split, _WORDS.strip().splitlines())}


def _text(topic: str, seed: int) -> str:
    return " ".join(Random(f"{topic}{seed}").sample(_TOPICS[topic], 7))


def _rows(first: int, count: int, **more: object) -> list[dict[str, Any]]:
    topics = [list(_TOPICS)[i % 3] for i in range(count)]
    return [{"id": f"m{first + i}", "text": _text(topic, first + i), **more} for i, topic in enumerate(topics)]


def _topic(text: str) -> str:
    return max(_TOPICS, key=lambda topic: len({*text.split()} & {*_TOPICS[topic]}))


def _never_shipping(text: str, _: str | None) -> str:
    return "billing" if _topic(text) == "shipping" else _topic(text)


@pytest.fixture
def release(project: Project, stub: Stub) -> Release:
    """A release whose candidate takes every parcel for an invoice; its run is in the store."""
    stub.answer = _never_shipping
    write_rows(project.root / "data/test.jsonl", [{**row, "label": _topic(row["text"])} for row in _rows(0, 60)])
    assert project.call("run") in (0, 3)
    return validate(project.file)


def _unlabelled(release: Release, *more: dict[str, Any]) -> Path:
    path = release.root / "pool.jsonl"
    write_rows(path, [*_rows(1_000, 90), *more])
    return path


def _filled(chosen: Chosen, path: Path) -> tuple[Path, Path]:
    """A labelling file, and its table with the true labels filled in."""
    rows, table = write_labelling(chosen, path)
    with table.open(encoding="utf-8-sig", newline="") as file:
        values = list(csv.DictReader(file))
    for value in values:
        value["label"] = _topic(value["text"])
    _table(table, values)
    return rows, table


def _table(path: Path, values: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(values[0]))
        writer.writeheader()
        writer.writerows(values)


def test_what_the_model_gets_wrong_is_labelled_first(release: Release) -> None:
    found = next_rows(release, [_unlabelled(release)], 10)
    assert found.task == "queue.sort"
    assert [_topic(one.text) for one in found.rows] == ["shipping"] * 10
    assert {one.suggested for one in found.rows} == {"shipping"}
    assert all(one.why.startswith("like samples that fail: m") for one in found.rows)
    assert found == next_rows(release, [_unlabelled(release)], 10)


def test_what_must_not_be_labelled_is_left_out_and_counted(release: Release) -> None:
    leak = {"id": "leak", "text": _text("shipping", 1).upper()}
    again = {"id": "again", "text": _text("shipping", 1_001)}
    labelled = {"id": "done", "text": "the van took my parcel", "label": "shipping"}
    found = next_rows(release, [_unlabelled(release, leak, again, labelled)], 200)
    assert not {"leak", "again", "done"} & {one.id for one in found.rows}
    assert sorted(note.partition(" rows")[0] for note in found.notes) == ["1", "1", "1"]
    assert any("would leak" in note for note in found.notes)


def test_of_its_own_samples_those_whose_repeats_disagree_come_first(project: Project, stub: Stub) -> None:
    turn = iter(range(10**6))
    stub.answer = lambda text, _: ["billing", "other"][next(turn) % 2] if _topic(text) == "other" else _topic(text)
    write_rows(project.root / "data/test.jsonl", [{**row, "label": "billing"} for row in _rows(0, 30)])
    project.suite["tasks"]["sort"] |= {"repeats": 4, "generation": {"max_new_tokens": 8, "temperature": 0.5}}
    project.release["serve"]["concurrency"] = 1
    project.write()
    assert project.call("run") in (0, 3)
    write_rows(project.root / "pool.jsonl", _rows(0, 30))
    found = next_rows(validate(project.file), [project.root / "pool.jsonl"], 5, pool=True)
    assert [_topic(one.text) for one in found.rows] == ["other"] * 5
    assert "unsure of it by its repeats" in found.rows[0].why


def test_a_run_that_tells_no_doubt_is_refused_for_a_pool(release: Release) -> None:
    with pytest.raises(ConfigError, match="how sure the model was"):
        next_rows(release, [_unlabelled(release)], 5, pool=True)


def test_bad_asking_is_told(release: Release) -> None:
    with pytest.raises(ConfigError, match=r"name one with --task: queue\.sort"):
        next_rows(release, [_unlabelled(release)], 5, task="queue.none")
    with pytest.raises(ConfigError, match="1 or more"):
        next_rows(release, [_unlabelled(release)], 0)
    with pytest.raises(ConfigError, match="is no role"):
        next_rows(release, [_unlabelled(release)], 5, run="nobody")


def test_a_spreadsheet_gets_no_formula(release: Release, tmp_path: Path) -> None:
    pool = _unlabelled(release, {"id": "=1+1", "text": "=HYPERLINK(courier van parcel driver depot)"})
    chosen = next_rows(release, [pool], 200)
    rows, table = write_labelling(chosen, tmp_path / "to_label.jsonl")
    with table.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for line in csv.reader(file) for cell in line]
    assert "'=1+1" in cells
    assert not any(cell.startswith("=") for cell in cells)
    first = json.loads(rows.read_text(encoding="utf-8").splitlines()[0])
    assert (first["label"], first["task"], first["row"]["id"]) == (None, "queue.sort", first["id"])
    with pytest.raises(ConfigError, match="is there already"):
        write_labelling(chosen, tmp_path / "to_label.jsonl")


def test_labelled_rows_become_training_rows_with_their_provenance(release: Release, tmp_path: Path) -> None:
    chosen = next_rows(release, [_unlabelled(release, {"id": "=1+1", "text": "=van parcel driver depot"})], 6)
    rows, table = _filled(chosen, tmp_path / "to_label.jsonl")
    into = tmp_path / "train.jsonl"
    old = b'{"messages": [{"role": "user", "content": "hello  there"},{"role": "assistant", "content": "other"}]}\n'
    into.write_bytes(old)
    asked = MergeAsked([table], rows, tmp_path / "new.jsonl", into, "ann", "2026-11-22")
    found = merge_rows(release, asked)
    assert (found.rows, found.added, found.known, found.conflicts) == (7, 6, 0, ())
    assert into.read_bytes() == old
    written = (tmp_path / "new.jsonl").read_bytes()
    assert written.startswith(old)
    last = json.loads(written.splitlines()[1])
    one = chosen.rows[0]
    assert last["id"] == one.id
    assert last["messages"] == [
        {"role": "user", "content": one.text},
        {"role": "assistant", "content": _topic(one.text)},
    ]
    assert last["provenance"] == {
        "source": str(one.place), "annotator": "ann", "date": "2026-11-22", "run": chosen.run,
    }  # fmt: skip
    again = merge_rows(release, MergeAsked([table], rows, tmp_path / "newer.jsonl", tmp_path / "new.jsonl", "b", "d"))
    assert (again.rows, again.added, again.known) == (7, 0, 6)


def test_conflicts_are_named_and_overwrite_nothing(release: Release, tmp_path: Path) -> None:
    chosen = next_rows(release, [_unlabelled(release)], 4)
    rows, table = _filled(chosen, tmp_path / "to_label.jsonl")
    taught = {"text": chosen.rows[0].text.upper(), "label": "other"}
    write_rows(tmp_path / "train.jsonl", [taught])
    second = tmp_path / "second.csv"
    _table(second, [{"id": chosen.rows[1].id, "label": "other"}])
    asked = MergeAsked([table, second], rows, tmp_path / "new.jsonl", tmp_path / "train.jsonl", "ann", "2026-11-22")
    found = merge_rows(release, asked)
    assert (found.rows, found.added) == (3, 2)
    told = sorted(str(one) for one in found.conflicts)
    assert f'{second}:2: "other" for row {chosen.rows[1].id} was not merged: {table}:3 labels it "shipping"' in told[0]
    assert 'train.jsonl:1 teaches "other" for the same input' in told[1]
    assert json.loads((tmp_path / "new.jsonl").read_text().splitlines()[0]) == taught
    with pytest.raises(ConfigError, match="is there already"):
        merge_rows(release, asked)


def test_every_bad_label_is_told_at_once(release: Release, tmp_path: Path) -> None:
    chosen = next_rows(release, [_unlabelled(release)], 3)
    rows, _ = write_labelling(chosen, tmp_path / "to_label.jsonl")
    labels = tmp_path / "labels.csv"
    ids = [one.id for one in chosen.rows]
    _table(labels, [
        {"id": "stranger", "label": "other"}, {"id": ids[0], "label": "Parcel"}, {"id": ids[1], "label": "other"},
        {"id": ids[2], "label": " "},
    ])  # fmt: skip
    with pytest.raises(ConfigError) as error:
        merge_rows(release, MergeAsked([labels], rows, tmp_path / "new.jsonl"))
    assert [problem.line for problem in error.value.problems] == [2, 3, 4]
    assert "is not in" in str(error.value.problems[0])
    assert "can't be used" in str(error.value.problems[1])
    assert "Give --annotator and --date." in str(error.value.problems[2])
    assert not (tmp_path / "new.jsonl").exists()
