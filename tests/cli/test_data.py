"""`harness data` as a command: what each verb prints and writes, and its exit code."""

from __future__ import annotations

import json
import re

import pytest

from harness.cli.main import main
from harness.core.events import Event
from harness.pipeline.data.check import check_data, of_release
from harness.pipeline.data.given import readable_release
from tests.projects import Project, chat

CHECKS = "exact,contradictions,targets"


@pytest.fixture
def here(desk: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project, as the folder that commands are called in."""
    monkeypatch.chdir(desk.root)
    return desk


def data(*words: str) -> int:
    return main(["data", *words])


def test_check_of_clean_rows_ends_with_0_and_a_summary(here: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert data("check", "-q", "--only", CHECKS) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == "8 rows in 2 files: 0 errors, 0 warnings, 0 notes."
    assert said.err == ""


def test_check_tells_every_fault_with_its_line_and_ends_with_2(
    here: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    here.rows("data/train.jsonl", [chat("one"), chat("two"), chat("ONE "), chat("two", "shipping"), chat("three", " ")])
    here.write("data/train.jsonl", here.read("data/train.jsonl") + "{broken\n")
    before = here.files()
    assert data("check", "-q", "--only", CHECKS) == 2
    said = capsys.readouterr().out
    assert "ERROR         data/train.jsonl:6: " in said
    assert "data/train.jsonl:1, data/train.jsonl:3" in said
    assert "contradictions: 2 rows ask the same" in said
    assert "data/train.jsonl:5" in said
    assert re.search(r"^9 rows in 2 files: [4-9] errors, ", said.splitlines()[-1])
    assert here.files() == before


def test_check_as_json_has_the_same_findings(here: Project, capsys: pytest.CaptureFixture[str]) -> None:
    here.rows("rows.jsonl", [chat("one"), chat("one")])
    assert data("check", "rows.jsonl", "--only", "exact", "--format", "json") == 2
    found = json.loads(capsys.readouterr().out)
    assert found["errors"] is True
    assert found["rows"] == 2
    assert [(each["check"], each["severity"], each["drop"]) for each in found["findings"]] == [("exact", "error", 1)]
    assert found["findings"][0]["places"] == [{"file": "rows.jsonl", "line": line} for line in (1, 2)]


def test_check_reads_a_suites_own_columns_and_labels(here: Project, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"id": str(i), "text": f"a message {i}", "label": "billing"} for i in range(6)]
    here.rows("rows.jsonl", [*rows, {"id": "x", "text": "another", "label": "biling"}])
    assert data("check", "-q", "rows.jsonl", "--suite", "suites/triage.yaml", "--only", "labels") == 2
    assert "rows.jsonl:7" in capsys.readouterr().out


def test_check_takes_a_teams_own_rules_out_of_yaml(here: Project, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"id": str(i), "text": f"a message {i}", "label": "billing", "source": "mail"} for i in range(4)]
    here.rows("rows.jsonl", [*rows, {**rows[0], "id": "9", "source": "fax"}])
    here.write("columns.yaml", "source: {type: string, one_of: [mail, chat]}\n")
    assert data("check", "-q", "rows.jsonl", "--only", "schema", "--schema", "columns.yaml") == 2
    assert "rows.jsonl:5" in capsys.readouterr().out
    here.write("columns.yaml", "[]\n")
    assert data("check", "-q", "rows.jsonl", "--schema", "columns.yaml") == 2
    assert capsys.readouterr().err.startswith("columns.yaml:1: must be a mapping of columns to their rules.")


def test_a_releases_own_rules_hold_without_naming_them(here: Project, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{**chat(f"question {i}"), "source": "mail"} for i in range(3)]
    here.rows("data/train.jsonl", [*rows, {**chat("another"), "source": "fax"}])
    here.write("rules/columns.yaml", "source: {type: string, one_of: [mail, chat], required: false}\n")
    here.write("release.yaml", here.read("release.yaml") + "data_schema: rules/columns.yaml\n")
    assert data("check", "-q", "--only", "schema") == 2
    assert "data/train.jsonl:4" in capsys.readouterr().out


def test_fix_writes_a_copy_and_a_log_and_leaves_the_source(here: Project, capsys: pytest.CaptureFixture[str]) -> None:
    here.rows("rows.jsonl", [chat("one"), chat("one"), chat("two")])
    before = here.read("rows.jsonl")
    assert data("check", "-q", "rows.jsonl", "--only", "exact", "--fix", "clean") == 2
    assert "2 rows kept (0 changed), 1 dropped; see clean/fixes.jsonl" in capsys.readouterr().out
    assert here.read("rows.jsonl") == before
    assert len(here.read("clean/rows.jsonl").splitlines()) == 2
    assert json.loads(here.read("clean/fixes.jsonl"))["line"] == 2
    assert data("check", "-q", "rows.jsonl", "--fix", "clean") == 2
    assert capsys.readouterr().err.startswith("clean: is there already.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "--only", "exct"], "there is no check exct; known: "),
        (["check", "none.jsonl"], "none.jsonl: "),
        (["check", "-f", "none.yaml"], "there is no none.yaml here: name the files to check."),
        (["check", "--task", "queue"], "--suite and --task say what FILES hold: name the files, too."),
        (["leaks", "-f", "none.yaml"], "there is no none.yaml here: name FILES and --suite."),
        (["convert", "data/train.jsonl", "--out", "a.csv"], "a.csv: rows are written as JSON Lines."),
        (["convert", "data/train.jsonl", "--out", "a.jsonl", "--to", "x"], "the format 'x' is not known."),
        (["convert", "data/train.jsonl", "--out", "a.jsonl", "--task", "x"], "--task is the task of a suite"),
        (["split", "data/train.jsonl", "--out", "a", "--shares", "80/20"], 'the shares "80/20" are not three numbers'),
        (["report", "-f", "none.yaml"], "none.yaml: this file does not exist."),
        (["report", "--production", "none.jsonl"], "none.jsonl"),
    ],
)
def test_what_cannot_be_done_gives_2_one_sentence_and_no_file(
    here: Project, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    before = here.files()
    assert data(*words) == 2
    shown = capsys.readouterr()
    assert said in shown.out + shown.err
    assert "Traceback" not in shown.err
    assert here.files() == before


def test_convert_writes_the_rows_of_a_task_as_chats(here: Project, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["convert", "data/triage.jsonl", "--suite", "suites/triage.yaml", "--out", "out/rows.jsonl"]
    assert data(*words) == 0
    assert capsys.readouterr().out.splitlines() == [
        "data/triage.jsonl: 4 rows (task)",
        "out/rows.jsonl: 4 rows as chat",
    ]
    first = json.loads(here.read("out/rows.jsonl").splitlines()[0])
    assert [turn["content"] for turn in first["messages"]] == ["Name the queue.", "message 0", "billing"]


def test_split_says_how_many_rows_went_where(here: Project, capsys: pytest.CaptureFixture[str]) -> None:
    here.rows("rows.jsonl", [{"text": f"{i * 7919} is a number", "label": "odd"} for i in range(200)])
    assert data("split", "rows.jsonl", "--by", "label", "--out", "parts") == 0
    counts = [int(re.findall(r": (\d+) rows", line)[0]) for line in capsys.readouterr().out.splitlines()[:3]]
    assert sum(counts) <= 200
    assert counts[0] > 120
    assert len(here.read("parts/train.jsonl").splitlines()) == counts[0]


def test_leaks_lists_each_pair_and_ends_with_2_beyond_the_policy(
    here: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "where is the parcel that I ordered on the third of March from your shop"
    here.rows("data/triage.jsonl", [{"id": "t0", "text": long, "label": "shipping", "language": "en"}])
    here.rows("data/train.jsonl", [chat("something else"), chat(long.upper()), chat(long)])
    assert data("leaks", "-q") == 2
    assert capsys.readouterr().out.splitlines() == [
        "data/train.jsonl:2 holds the input of sample t0 of triage.queue word by word.",
        "data/train.jsonl:3 holds the input of sample t0 of triage.queue word by word.",
        "1 sample leaked (1 normalised, 1 exact); policy.max_leaked allows 0.",
    ]
    assert data("leaks", "-q", "data/validation.jsonl", "--suite", "suites/triage.yaml") == 0
    assert capsys.readouterr().out == "no sample was found in what is taught.\n"
    assert data("leaks", "-q", "--format", "json") == 2
    found = json.loads(capsys.readouterr().out)
    assert (found["samples"], found["allowed"], len(found["hits"])) == (1, 0, 2)


def test_a_policy_that_allows_a_leak_makes_leaks_end_with_0(here: Project) -> None:
    long = "where is the parcel that I ordered on the third of March from your shop"
    here.rows("data/triage.jsonl", [{"id": "t0", "text": long, "label": "shipping", "language": "en"}])
    here.rows("data/train.jsonl", [chat(long)])
    here.swap("release.yaml", "resamples: 1999", "resamples: 1999, max_leaked: 1")
    assert data("leaks", "-q") == 0


def test_a_suite_that_cannot_be_read_is_never_taken_for_one_without_leaks(
    here: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    here.rows("data/triage.jsonl", [{"id": "t0", "text": "a row without a language", "label": "shipping"}])
    for verb in ("leaks", "report", "check"):
        assert data(verb, "-q") == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "data/triage.jsonl:1: the row has no 'language'" in shown.err


def test_rows_are_counted_as_they_are_looked_at(here: Project) -> None:
    events: list[Event] = []
    asked = of_release(readable_release(here.root / "release.yaml"))
    check_data(asked, ["exact"], watch=events.append)
    assert [(event.state, event.done) for event in events] == [("move", 4), ("move", 8), ("move", 8)]


def test_progress_goes_to_standard_error(here: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert data("check", "--only", "exact") == 0
    said = capsys.readouterr()
    assert "8 rows" in said.err
    assert said.out.splitlines() == ["8 rows in 2 files: 0 errors, 0 warnings, 0 notes."]
