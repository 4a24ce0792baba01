"""A run's folder: nothing finished is lost or asked twice, and a finished bundle is as it was or is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.core.errors import OutsideError
from harness.core.samples import Output, Score
from harness.store import bundle
from harness.store.memo import Memo
from tests.store.made import RUN, TEXTS, finished, results


def lines(folder: Path) -> list[str]:
    return (folder / bundle.OUTPUTS).read_text(encoding="utf-8").splitlines()


def test_the_journal_keeps_what_was_added(tmp_path: Path) -> None:
    given = [Output(f"s{i}", text, "stop", 1, 2, 0.5, (-1.0,)) for i, text in enumerate(TEXTS)]
    with bundle.Journal(tmp_path / "run") as journal:
        for output in given:
            journal.add("t", output)
    assert list(bundle.Journal(tmp_path / "run").done.values()) == given


def test_an_output_is_on_disk_as_soon_as_it_is_added(tmp_path: Path) -> None:
    with bundle.Journal(tmp_path) as journal:
        journal.add("t", Output("s1", "x"))
        assert len(lines(tmp_path)) == 1


@pytest.mark.parametrize(
    "tail", [b'{"task": "t", "sample_id": "s2", "te', b'{"task": "t", "text": "\xc3', b"[1]", b"\0\0"]
)
def test_a_torn_last_line_is_forgotten_and_the_rest_kept(tmp_path: Path, tail: bytes) -> None:
    with bundle.Journal(tmp_path) as journal:
        journal.add("t", Output("s1", "x"))
    with (tmp_path / bundle.OUTPUTS).open("ab") as file:
        file.write(tail)
    with bundle.Journal(tmp_path) as journal:
        assert list(journal.done) == [("t", "s1")]
        journal.add("t", Output("s2", "y"))
    assert [json.loads(line)["sample_id"] for line in lines(tmp_path)] == ["s1", "s2"]


def test_errors_are_asked_again_and_answers_are_not(tmp_path: Path) -> None:
    with bundle.Journal(tmp_path) as journal:
        journal.add("t", Output("s1", None, error="HTTP 500"))
        journal.add("t", Output("s2", "x"))
    with bundle.Journal(tmp_path) as journal:
        assert list(journal.done) == [("t", "s2")]
        journal.add("t", Output("s1", "now"))
    assert len(lines(tmp_path)) == 2


def test_a_second_output_for_a_sample_is_a_bug(tmp_path: Path) -> None:
    with bundle.Journal(tmp_path) as journal:
        journal.add("t", Output("s1", "x"))
        journal.add("u", Output("s1", "of another task"))
        with pytest.raises(ValueError, match="already"):
            journal.add("t", Output("s1", "x"))


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    with bundle.Journal(tmp_path) as journal:
        journal.add("t", Output("s1", "x"))
        kept, journal._file = journal._file, open("/dev/full", "a", encoding="utf-8")  # noqa: SIM115
        with pytest.raises(OutsideError, match="No space left"):
            journal.add("t", Output("s2", "y"))
        journal._file.buffer.raw.close()  # type: ignore[attr-defined]
        journal._file = kept
    assert list(bundle.Journal(tmp_path).done) == [("t", "s1")]


def test_a_bundle_reads_back_as_it_was_written(tmp_path: Path) -> None:
    folder = finished(tmp_path / "run")
    assert bundle.is_finished(folder)
    assert bundle.read_run(folder) == RUN
    assert bundle.read_results(folder) == results()


def test_a_bundle_without_manifest_is_not_finished(tmp_path: Path) -> None:
    folder = finished(tmp_path / "run")
    (folder / bundle.MANIFEST).unlink()
    assert not bundle.is_finished(folder)


@pytest.mark.parametrize("name", bundle.PARTS)
@pytest.mark.parametrize("change", ["edit", "remove"])
def test_a_changed_part_is_refused_by_name(tmp_path: Path, name: str, change: str) -> None:
    folder = finished(tmp_path / "run")
    if change == "edit":
        (folder / name).write_bytes((folder / name).read_bytes().replace(b"s1", b"s9", 1))
    else:
        (folder / name).unlink()
    with pytest.raises(OutsideError, match=rf"was changed after its run: {name}\."):
        bundle.read_run(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [('"proven: ', '"Proven: '), ('"scored": 2', '"scored": 9'), ('"few_shot": 2', '"few_shot": 0'), ("{", "")],
)
def test_a_changed_manifest_is_refused(tmp_path: Path, old: str, new: str) -> None:
    path = finished(tmp_path / "run") / bundle.MANIFEST
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(OutsideError, match=r"was changed after its run: manifest\.json"):
        bundle.read_run(path.parent)


def test_every_changed_part_is_named_at_once(tmp_path: Path) -> None:
    folder = finished(tmp_path / "run")
    for name in ("answers.jsonl", "scores.jsonl"):
        (folder / name).write_text("")
    with pytest.raises(OutsideError, match=r"answers\.jsonl, scores\.jsonl"):
        bundle.read_run(folder)


def test_a_score_that_is_no_number_never_makes_a_finished_bundle(tmp_path: Path) -> None:
    first, _ = results()
    broken = type(first)(first.task, first.samples, first.outputs, first.answers, (Score("s1", "m", float("nan")),))
    with pytest.raises(ValueError, match="JSON"):
        finished(tmp_path, given=(broken,))
    assert not bundle.is_finished(tmp_path)


def test_the_memo_survives_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "memo.jsonl"
    memo = Memo(path)
    memo["a"], memo["b"] = [-1.5, True], "text"
    with path.open("ab") as file:
        file.write(b'["c", [-2.')
    again = Memo(path)
    assert dict(again) == {"a": [-1.5, True], "b": "text"}
    again["c"] = 1
    assert dict(Memo(path)) == {"a": [-1.5, True], "b": "text", "c": 1}
    with pytest.raises(TypeError):
        del again["a"]
