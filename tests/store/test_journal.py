"""The outputs of a run under way: nothing finished is lost or asked twice, whatever happens to process or disk."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness.core.errors import OutsideError
from harness.core.samples import Output
from harness.store import journal as journals
from harness.store.journal import OUTPUTS, Journal
from tests.projects import ENVIRONMENT
from tests.store.made import TEXTS
from tests.waiting import until


def lines(folder: Path) -> list[str]:
    return (folder / OUTPUTS).read_text(encoding="utf-8").splitlines()


def test_the_journal_keeps_what_was_added(tmp_path: Path) -> None:
    given = [Output(f"s{i}", text, "stop", 1, 2, 0.5, (-1.0,), attempts=2) for i, text in enumerate(TEXTS)]
    with Journal(tmp_path / "run") as journal:
        for output in given:
            journal.add("t", output)
    assert list(Journal(tmp_path / "run").done.values()) == given


def test_an_output_is_in_the_file_as_soon_as_it_is_added(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.add("t", Output("s1", "x"))
        assert len(lines(tmp_path)) == 1


def test_each_repeat_is_an_output_of_its_own(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        for repeat in range(3):
            journal.add("t", Output("s1", "x", repeat=repeat))
        with pytest.raises(ValueError, match="already"):
            journal.add("t", Output("s1", "x", repeat=2))
    assert list(Journal(tmp_path).done) == [("t", "s1", 0), ("t", "s1", 1), ("t", "s1", 2)]


@pytest.mark.parametrize(
    "tail", [b'{"task": "t", "sample_id": "s2", "te', b'{"task": "t", "text": "\xc3', b"[1]", b"\0\0", b"7\n"]
)
def test_a_torn_last_line_is_forgotten_and_the_rest_kept(tmp_path: Path, tail: bytes) -> None:
    with Journal(tmp_path) as journal:
        journal.add("t", Output("s1", "x"))
    with (tmp_path / OUTPUTS).open("ab") as file:
        file.write(tail)
    with Journal(tmp_path) as journal:
        assert list(journal.done) == [("t", "s1", 0)]
        journal.add("t", Output("s2", "y"))
    assert [json.loads(line)["sample_id"] for line in lines(tmp_path)] == ["s1", "s2"]


def test_a_file_cut_at_any_byte_gives_the_whole_lines_before(tmp_path: Path) -> None:
    with Journal(tmp_path / "whole") as journal:
        for i, text in enumerate(TEXTS):
            journal.add("t", Output(f"s{i}", text))
    data = (tmp_path / "whole" / OUTPUTS).read_bytes()
    (tmp_path / "cut").mkdir()
    for size in range(len(data)):
        (tmp_path / "cut" / OUTPUTS).write_bytes(data[:size])
        done = Journal(tmp_path / "cut").done
        assert len(done) in (data[:size].count(b"\n"), data[:size].count(b"\n") + 1), "the cut may lie before an end"
        assert list(Journal(tmp_path / "cut").done.values()) == list(done.values())


def test_errors_are_asked_again_and_answers_are_not(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.add("t", Output("s1", None, error="HTTP 500"))
        journal.add("t", Output("s2", "x"))
    with Journal(tmp_path) as journal:
        assert list(journal.done) == [("t", "s2", 0)]
        journal.add("t", Output("s1", "now"))
    assert len(lines(tmp_path)) == 2


def test_a_whole_file_is_not_written_again(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.add("t", Output("s1", "x"))
    before = (tmp_path / OUTPUTS).stat()
    with Journal(tmp_path) as journal:
        assert len(journal.done) == 1
    after = (tmp_path / OUTPUTS).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_halves_of_surrogate_pairs_are_kept_as_a_file_can_hold_them(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.add("t", Output("s1", "a\ud800b"))
        kept = journal.done["t", "s1", 0]
    assert kept.text == "a?b"
    assert Journal(tmp_path).done["t", "s1", 0] == kept


def test_a_number_that_json_lacks_is_not_written(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal, pytest.raises(ValueError, match="JSON"):
        journal.add("t", Output("s1", "x", latency=float("nan")))
    assert lines(tmp_path) == []


def test_everything_is_synced_soon_and_by_no_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(threading.current_thread().name)
        real(descriptor)

    monkeypatch.setattr(journals.os, "fsync", fsync)
    with Journal(tmp_path) as journal:
        journal.add("t", Output("s1", "x"))
        until(lambda: synced)
        assert journals.SYNC_SECONDS <= 0.5
    assert set(synced) == {"journal"}


def test_many_outputs_do_not_wait_for_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "SYNC_SECONDS", 60.0)
    synced = threading.Event()
    monkeypatch.setattr(journals.os, "fsync", lambda _: synced.set())
    with Journal(tmp_path) as journal:
        for i in range(journals.SYNC_COUNT):
            journal.add("t", Output(f"s{i}", "x"))
        assert synced.wait(60)


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    (tmp_path / OUTPUTS).symlink_to("/dev/full")
    with pytest.raises(OutsideError, match="No space left"), Journal(tmp_path) as journal:
        journal.add("t", Output("s1", "x"))
    assert journal.done == {}


def test_what_a_full_disk_took_in_part_is_cut_off_again(tmp_path: Path) -> None:
    """The size that a file may have is as good as a disk that fills in the middle of a line."""
    with Journal(tmp_path) as journal:
        journal.add("t", Output("s1", "x"))
        kept = (tmp_path / OUTPUTS).read_bytes()
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(kept) + 20, limits[1]))
        try:
            with pytest.raises(OutsideError, match=r"cannot write .*outputs\.jsonl"):
                journal.add("t", Output("s2", "y"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert (tmp_path / OUTPUTS).read_bytes() == kept
        journal.add("t", Output("s2", "z"))
    assert [output.text for output in Journal(tmp_path).done.values()] == ["x", "z"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutsideError, match="cannot use the run's folder"):
        Journal(tmp_path / "file" / "run")


WRITER = """
import sys
from pathlib import Path
from harness.core.samples import Output
from harness.store.journal import Journal
from tests.waiting import until
with Journal(Path(sys.argv[1])) as journal:
    for i in range(int(sys.argv[2]), 10**9):
        journal.add("t", Output(f"s{i}", "text " * 20))
        print(i, flush=True)
"""


def test_what_was_said_to_be_kept_survives_kills(tmp_path: Path) -> None:
    told = -1
    for _ in range(5):
        begin = len(Journal(tmp_path).done)
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(begin)], stdout=subprocess.PIPE, env=ENVIRONMENT
        )
        assert process.stdout
        for _ in range(300):
            told = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        told = max([told, *map(int, process.communicate()[0].split(b"\n")[:-1])])
        done = Journal(tmp_path).done
        assert list(done) == [("t", f"s{i}", 0) for i in range(len(done))]
        assert told < len(done) <= told + 2


def test_only_what_was_held_counts_for_a_run_that_must_be_proven(tmp_path: Path) -> None:
    with Journal(tmp_path, only_held=True) as journal:
        for number in range(3):
            journal.add("t", Output(f"s{number}", "x"))
        assert [output.sample_id for _, output in journal.hold(2)] == ["s0", "s1"]
        assert journal.hold(1) == []
        journal.add("t", Output("s3", None, error="HTTP 500"))
        assert not journal.is_held
    with Journal(tmp_path, only_held=True) as journal:
        assert [sample for _, sample, _ in journal.done] == ["s0", "s1"]
        assert [json.loads(line).get("sample_id") for line in lines(tmp_path)] == ["s0", "s1", None]
        journal.add("t", Output("s2", "y"))
        assert journal.drop() == 1
        assert ("t", "s2", 0) not in journal.done
        journal.add("t", Output("s2", "z"))
        journal.hold()
    assert [output.text for output in Journal(tmp_path, only_held=True).done.values()] == ["x", "x", "z"]


def test_a_journal_of_before_there_were_holds_counts_for_nothing_that_must_be_proven(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.add("t", Output("s1", "x"))
    assert Journal(tmp_path).done
    assert not Journal(tmp_path, only_held=True).done
