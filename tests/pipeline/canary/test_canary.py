"""`harness canary` on logs: what counts, what it comes to, and what is done."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.cli import canary as command
from harness.core.canaries import CanaryAnalysis, Outcome
from harness.core.errors import ConfigError
from harness.pipeline.canary.analyse import analyse
from harness.pipeline.canary.apply import apply
from harness.pipeline.registry.read import registry
from harness.pipeline.validate import validate
from tests.pipeline.canary.conftest import backdate, line, lines, moved, stage, write
from tests.pipeline.release_project import Project

OLD = -3600.0


@pytest.fixture
def project(project: Project) -> Project:
    """The step began two hours ago."""
    backdate(project, 7200)
    return project


def looked(project: Project) -> CanaryAnalysis:
    import time

    return analyse(validate(project.file), time.time())


def equal(project: Project, count: int = 400) -> None:
    write(project, lines(count, "canary", OLD), lines(count, "production", OLD))


def said(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    return found


def test_an_equal_canary_advances_step_by_step(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    equal(project)
    assert project.call("canary") == 0
    assert "ADVANCE: v2 is shown to keep every rule: its next share is 50%." in capfd.readouterr().out
    assert registry(project.state, "r").share() == 0.4
    assert project.call("canary", "--apply", "--json") == 0
    found, known = said(capfd), registry(project.state, "r")
    assert known.share() == 0.5
    assert known.moves[-1].why == "canary"
    assert found["digest"][:12] in known.moves[-1].note
    assert json.loads((project.state.canary / f"v2-2-{found['digest'][:12]}.json").read_text())["outcome"] == "ADVANCE"
    assert project.call("show", "v2") == 0
    assert f"{found['digest'][:12]}  ADVANCE" in capfd.readouterr().out
    assert project.call("canary") == 3  # what was seen before the step began tells nothing of it
    backdate(project, 7200)
    assert project.call("canary", "--apply") == 0
    assert "--to-production brings v2" in capfd.readouterr().out
    assert stage(project, 2) == "canary"


def test_production_asks_for_all_that_promote_asks_for(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing was ever judged here, whatever the traffic says."""
    moved(project, 2, "canary", "canary", share=0.5)
    backdate(project, 7200)
    equal(project)
    assert project.call("canary", "--apply", "--to-production") == 2
    assert "run `harness gate` first" in capfd.readouterr().err
    assert stage(project, 1) == "production"


@pytest.mark.parametrize(
    ("worse", "rule"),
    [
        ({"fault": "500", "fallback_from": "v2", "version": "v1"}, "errors"),
        ({"fault": "resting", "fallback_from": "v2", "version": "v1"}, "errors"),
        ({"fault": "cut"}, "errors"),
        ({"fault": "timeout", "fallback_from": "v2", "version": "", "status": 504}, "errors"),
        ({"fault": "500", "fallback_from": "v2", "version": "v1", "status": 499}, "errors"),
        ({"seconds": 0.9}, "latency p95"),
        ({"formed": False}, "format"),
        ({"chars": 20}, "length p50"),
        ({"chars": 2}, "length p50"),
    ],
)
def test_what_is_worse_is_rolled_back(
    project: Project, worse: dict[str, Any], rule: str, capfd: pytest.CaptureFixture[str]
) -> None:
    project.release["canary"]["format"] = "regex:.*"
    project.write()
    write(project, lines(400, "production", OLD, formed=True), lines(200, "canary", OLD, **{"formed": True, **worse}))
    write(project, lines(40, "canary", OLD, formed=True))
    assert project.call("canary", "--apply") == 1
    assert f"tolerated: {rule}" in capfd.readouterr().out
    known = registry(project.state, "r")
    assert (known.stage_of(2), known.moves[-1].why) == ("staging", "rollback")
    assert project.call("canary") == 2
    assert "no canary stands" in capfd.readouterr().err


def test_a_request_that_fell_back_is_nobody_elses_success(project: Project) -> None:
    write(project, lines(50, "canary", OLD, fault="500", fallback_from="v2", version="v1"))
    found = looked(project)
    assert (found.sides["canary"].failed, found.sides["production"].counted) == (50, 0)


def test_without_evidence_it_holds(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    assert project.call("canary", "--apply") == 3
    assert "HOLD: no request is in the log" in capfd.readouterr().out
    write(project, lines(29, "canary", OLD), lines(900, "production", OLD))
    assert "v2 has 29 requests that count, of 30" in looked(project).reason
    write(project, lines(10, "canary", OLD))
    assert looked(project).outcome is Outcome.HOLD
    assert stage(project, 2) == "canary"


def test_what_counts_for_nobody_is_told(project: Project) -> None:
    equal(project)
    write(project, lines(2, "canary", OLD, status=499, version=""), lines(3, "canary", OLD, status=422))
    write(project, lines(4, "canary"), lines(5, "canary", 9000), lines(6, "canary", -90_000))
    write(project, lines(7, "canary", OLD, version="v9"), lines(8, "production", OLD, version="v0", fault="500"))
    side = looked(project).sides["canary"]
    assert (side.counted, side.refused, side.waiting) == (400, 3, 9)
    assert looked(project).sides["production"].failed == 0


def test_a_canary_that_clients_run_away_from_does_not_advance(project: Project) -> None:
    equal(project)
    write(project, lines(150, "canary", OLD, status=499))
    found = looked(project)
    assert (found.outcome, found.sides["canary"].cancelled) == (Outcome.HOLD, 150)
    assert "were cancelled or refused" in found.reason


def test_an_unchecked_form_is_no_form(project: Project) -> None:
    project.release["canary"]["format"] = "regex:.*"
    project.write()
    write(project, lines(400, "production", OLD, formed=True), lines(400, "canary", OLD, formed=True))
    assert looked(project).outcome is Outcome.ADVANCE
    write(project, lines(1, "canary", OLD, formed=None))
    assert "1 answers were not checked" in looked(project).reason


def test_a_user_counts_once(project: Project) -> None:
    """One user's 300 failures are one failure; a session that may go on waits."""
    equal(project)
    write(project, lines(300, "canary", OLD, who="aa", fault="500"))
    write(project, [line("canary", -1200, who=f"{i:x}") for i in range(20)], lines(3, "canary", -30, who="bb"))
    found = looked(project)
    side = found.sides["canary"]
    assert (side.counted, side.failed, side.later, side.waiting, found.unit) == (421, 1, 299, 3, "user")
    assert looked(project).sides == found.sides


def test_a_users_requests_are_drawn_evenly(project: Project) -> None:
    """Who fails the first of four requests counts as a failure in about a quarter of the users."""
    for user in range(800):
        who = f"{user * 7919:016x}"
        faults = [line("canary", OLD, who=who, fault="500"), *lines(3, "canary", OLD, who=who)]
        write(project, faults)
    side = looked(project).sides["canary"]
    assert side.counted == 800
    assert 0.19 < side.failed / 800 < 0.31


def test_lines_of_before_releases_had_folders_count_too(project: Project) -> None:
    equal(project)
    before = looked(project)
    for path in project.state.traffic_of("r").glob("*.jsonl"):
        path.rename(project.state.traffic / path.name)
    assert looked(project).sides == before.sides


def test_torn_lines_are_told_and_edited_ones_refused(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    equal(project)
    path = next(project.state.traffic_of("r").glob("*.jsonl"))
    whole = path.read_text()
    path.write_text(whole + '{"time": 17\n' + whole.splitlines()[0] + '\n{"time": 1')
    assert "2 lines were never written whole" in looked(project).notes[1]
    number = len(whole.splitlines()) + 1
    for edited in ('{"time": 1, "side": "canary"}', whole.splitlines()[0].replace("0.1", '"fast"'), "{no}"):
        path.write_text(whole + edited + "\n")
        assert project.call("canary") == 4
        assert f"{path}:{number}: this is no line of the router's log" in capfd.readouterr().err


def test_files_of_other_days_are_read_from_the_day_of_the_step_on(project: Project) -> None:
    backdate(project, 3 * 86_400)
    write(project, lines(300, "canary", -86_400), lines(300, "production", -2 * 86_400), lines(300, "canary", -20))
    (project.state.traffic_of("r") / "2020-01-01.jsonl").write_text("{no line}\n")
    assert looked(project).sides["canary"].counted == 600


def test_an_outcome_is_done_only_at_the_step_that_it_was_found_at(project: Project) -> None:
    equal(project)
    found = looked(project)
    moved(project, 2, "canary", "canary", share=0.5)
    with pytest.raises(ConfigError, match="the registry moved while"):
        apply(validate(project.file), found)


def test_watch_ends_when_it_is_decided(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    slept = []

    def grow(seconds: float) -> None:
        slept.append(seconds)
        equal(project, 150)

    monkeypatch.setattr(command.time, "sleep", grow)
    assert project.call("canary", "--watch", "7") == 0
    assert set(slept) == {7.0}


@pytest.mark.parametrize("words", [("--to-production",), ("--watch", "0")])
def test_wrong_words_are_refused(project: Project, words: tuple[str, ...]) -> None:
    assert project.call("canary", *words) == 2


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("format", "regex:(?=x)", "no regular expression"),
        ("format", "missing.json", "no file with a JSON schema"),
        ("steps", [0.5, 0.5], "rises from step to step"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_line(
    project: Project, key: str, value: object, told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    project.release["canary"][key] = value
    project.write()
    assert project.call("validate") == 2
    error = capfd.readouterr().err
    assert told in error
    assert "release.yaml:" in error
