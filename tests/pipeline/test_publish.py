"""`harness gate` and `harness report` in CI: what lies in the files and on the streams, however the command ends."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.pipeline.release_project import Project
from tests.pipeline.test_gate import wrong
from tests.tgi_stub import Stub


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def actions(monkeypatch: pytest.MonkeyPatch, project: Project, tmp_path: Path) -> Path:
    """GitHub's variables; gives the file of the step's summary. The repository is the folder above the release."""
    summary = tmp_path / "summary.md"
    summary.write_text("earlier\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.root.parent))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    return summary


def ends(path: Path) -> list[tuple[str, str | None, str | None]]:
    """(tag, type, line) of each test case of a JUnit file."""
    cases = ElementTree.parse(path).iter("testcase")
    inner = [(case.get("line"), [child for child in case if child.tag != "properties"]) for case in cases]
    return [(found[0].tag, found[0].get("type"), line) if found else ("passed", None, line) for line, found in inner]


def line_of(project: Project, text: str) -> int:
    return next(n for n, line in enumerate(project.file.read_text().splitlines(), 1) if text in line)


def test_json_is_alone_on_standard_output(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    assert project.call("gate", "--no-report", "--format", "json") == 0
    out, err = capfd.readouterr()
    assert json.loads(out) == project.record
    assert "judge" in err


def test_all_files_tell_the_same_and_report_writes_them_again(
    project: Project, stub: Stub, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.answer = wrong
    names = {f"--{name}": tmp_path / "deep" / name for name in ("junit", "markdown", "sarif")}
    words = [str(word) for pair in names.items() for word in pair]
    assert project.call("gate", "-q", "--no-report", *words) == 1
    junit, text, sarif = (path.read_text(encoding="utf-8") for path in names.values())
    first = line_of(project, "at_least")
    assert ("failure", "fail", str(first - 1)) in ends(names["--junit"])
    assert text.startswith("## ✕ FAIL: r\n")
    places = [result["locations"][0]["physicalLocation"] for result in json.loads(sarif)["runs"][0]["results"]]
    assert first - 1 in [place["region"]["startLine"] for place in places]
    assert "::" not in capfd.readouterr().out
    for path in names.values():
        path.unlink()
    assert project.call("report", *words) == 0
    assert [path.read_text(encoding="utf-8") for path in names.values()] == [junit, text, sarif]


def test_lines_are_those_of_today_although_the_decision_is_older(project: Project, tmp_path: Path) -> None:
    assert project.gate() == 0
    old = project.record["results"][0]["gate"]["place"]["line"]
    project.file.write_text("# moved\n\n" + project.file.read_text(), encoding="utf-8")
    assert project.call("gate", "-q", "--no-report", "--junit", str(tmp_path / "j.xml")) == 0
    assert project.record["results"][0]["gate"]["place"]["line"] == old
    assert ends(tmp_path / "j.xml")[0] == ("passed", None, str(old + 2))


def test_github_is_told_at_the_line_and_in_the_summary(
    project: Project, stub: Stub, actions: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.answer = wrong
    assert project.gate() == 1
    lines = capfd.readouterr().out.splitlines()
    place = f"file={project.root.name}/release.yaml,line={line_of(project, 'at_least') - 1},"
    token = lines[0].removeprefix("::stop-commands::")
    assert len(token) == 32
    assert any(line.startswith(f"::error {place}") for line in lines[lines.index(f"::{token}::") :])
    assert actions.read_text(encoding="utf-8").startswith("earlier\n## ✕ FAIL")


def test_annotations_leave_the_record_alone(
    project: Project, stub: Stub, actions: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.answer = wrong
    assert project.call("gate", "-q", "--no-report", "--format", "json") == 1
    out, err = capfd.readouterr()
    assert json.loads(out)["verdict"] == "FAIL"
    assert "::error " in err


def test_problems_of_the_files_are_told_everywhere(
    project: Project, stub: Stub, actions: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    project.suite["tasks"]["sort"]["labels"] = ["billing", "shipping"]
    project.write()
    junit = tmp_path / "j.xml"
    assert project.call("gate", "--junit", str(junit)) == 2
    assert ends(junit)[0][:2] == ("error", "error")
    assert f"::error file={project.root.name}/data/test.jsonl,line=3,title=ERROR release::" in capfd.readouterr().out
    assert "Nothing was judged: usage" in actions.read_text(encoding="utf-8")
    assert stub.asked == []


def test_a_server_that_is_gone_is_an_error_of_the_outside(project: Project, tmp_path: Path) -> None:
    project.release["serve"]["remote"]["url"] = "http://127.0.0.1:9"
    project.write()
    assert project.call("gate", "-q", "--junit", str(tmp_path / "j.xml")) == 4
    assert [end[:2] for end in ends(tmp_path / "j.xml")] == [("error", "outside")]


def test_a_command_that_does_not_end_leaves_no_old_pass(
    project: Project, stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    junit = tmp_path / "j.xml"
    assert project.call("gate", "-q", "--no-report", "--junit", str(junit)) == 0
    assert {end[0] for end in ends(junit)} == {"passed"}
    monkeypatch.setattr("harness.pipeline.gate.stored", lambda *_: 1 / 0)
    assert project.call("gate", "-q", "--no-report", "--junit", str(junit)) == 5
    assert [end[:2] for end in ends(junit)] == [("error", "outside")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--junit", "{root}/data"], "Is a directory"),
        (["--sarif", "{root}/queue.yaml/x.sarif"], "cannot write"),
        (["--junit", "{root}/x", "--sarif", "{root}/data/../x"], "is another file of this command"),
        (["--markdown", "{root}/release.yaml"], "is another file of this command"),
    ],
)
def test_a_file_that_cannot_be_written_is_told_before_anything_starts(
    project: Project, stub: Stub, words: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = project.file.read_text(encoding="utf-8")
    assert project.call("gate", *[word.format(root=project.root) for word in words]) == 2
    assert said in capfd.readouterr().err
    assert stub.asked == []
    assert project.file.read_text(encoding="utf-8") == before
