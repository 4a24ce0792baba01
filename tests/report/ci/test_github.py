"""Commands of GitHub Actions: levels, places, and no line that says more than one thing."""

from __future__ import annotations

from harness.report.ci.github import fenced, workflow_commands
from tests.report import made_for_ci as made


def test_each_gate_that_is_no_pass_is_annotated_at_its_line_the_worst_first() -> None:
    lines = workflow_commands(made.decision(), made.FILE)
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 4 + ["::notice"] + ["::warning"] * 2
    assert lines[0] == (
        "::error file=models/desk/release.yaml,line=18,title=FAIL bias.accuracy%3Aat_least"
        "::bias.accuracy: 93.3 %25 on 239 samples, 95 %25 bounds 90.0 %25 to 95.8 %25 → FAIL."
    )


def test_problems_are_annotated_in_the_file_they_are_in() -> None:
    first, second = workflow_commands(made.broken(), made.FILE)
    assert first == (
        "::error file=models/desk/release.yaml,line=16,title=ERROR release"
        "::'at_leest' is no key. Did you mean 'at_least'?"
    )
    assert second.startswith("::error file=models/desk/suites/triage.yaml,line=4,")


def test_a_text_cannot_end_its_command_or_begin_another() -> None:
    for line in workflow_commands(made.hostile(), "models/a,b: c/release.yaml"):
        assert len(line.splitlines()) == 1
        head, _, text = line.removeprefix("::").partition("::")
        keys = [part.split("=")[0] for part in head.split(" ", 1)[1].split(",")]
        assert keys == ["file", "line", "title"]
        assert "file=models/a%2Cb%3A c/release.yaml" in head
        assert text
        assert "\x00" not in line


def test_a_fence_keeps_lines_from_being_obeyed() -> None:
    assert fenced(["::error::x"], "t0ken") == ["::stop-commands::t0ken", "::error::x", "::t0ken::"]
