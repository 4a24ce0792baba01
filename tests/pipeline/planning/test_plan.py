"""The plan tells what is left to do, and does none of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.pipeline.planning.plan import AFTER, FRESH, TO_DO, UNKNOWN, ReleasePlan, plan
from harness.pipeline.planning.prospects import Planning
from harness.pipeline.validate import validate
from harness.pipeline.workspace import Workspace
from harness.store.writer import bring_in
from tests.pipeline.release_project import Project, make_project, rows, write_rows
from tests.projects import Project as Desk
from tests.store.made import finished, other, results
from tests.tgi_stub import Stub
from tests.weights import adapter_file


def planned(project: Project) -> ReleasePlan:
    return plan(validate(project.file), Planning())


def states(found: ReleasePlan) -> dict[str, str]:
    return {step.title: step.state for step in found.steps}


def test_at_first_everything_is_to_do_and_nobody_knows_how_long(project: Project, stub: Stub) -> None:
    found = planned(project)
    assert states(found) == {"base model": FRESH, "queue · candidate": TO_DO, "queue · base": TO_DO}
    assert [step.requests for step in found.steps] == [0, 60, 60]
    assert found.requests == 120
    assert {step.seconds for step in found.steps} == {None}
    assert stub.chat_texts == []
    assert project.bundles == []


def test_what_was_run_is_fresh_until_something_changes(project: Project) -> None:
    assert project.call("run", "-q") == 0
    assert set(states(planned(project)).values()) == {FRESH}
    assert planned(project).requests == 0
    project.weights.write_bytes(adapter_file("other weights"))
    found = planned(project)
    assert states(found) == {"base model": FRESH, "queue · candidate": TO_DO, "queue · base": FRESH}
    step = found.steps[1]
    assert step.requests == 60
    assert step.seconds is not None  # at the pace of the run that is stored
    assert step.seconds > 0


def test_repeats_and_the_measured_phase_are_counted(project: Project) -> None:
    project.suite["tasks"]["sort"]["repeats"] = 3
    project.release["measure"] = {"requests": 60, "warm_up": 5, "baseline": "base"}
    project.write()
    assert [step.requests for step in planned(project).steps] == [0, 180, 180, 130]


def test_a_choice_among_prompts_is_counted(project: Project) -> None:
    write_rows(project.root / "data/validation.jsonl", rows(10, "validation"))
    project.suite["tasks"]["sort"] |= {
        "alternatives": [{"user": "{{ text }}?"}, {"user": "{{ text }}!"}], "validation": "data/validation.jsonl",
    }  # fmt: skip
    project.release["baselines"]["base"] = {"prompt": "best"}
    project.write()
    assert [step.requests for step in planned(project).steps] == [0, 60, 60 + 3 * 10]


def test_what_an_interrupted_run_has_finished_is_not_asked_again(project: Project) -> None:
    folder = project.state.run(project.plan()["candidate"])
    folder.mkdir(parents=True)
    lines: list[dict[str, Any]] = [{"task": "sort", "sample_id": f"message{i}", "repeat": 0} for i in range(5)]
    lines += [lines[0], {**lines[1], "sample_id": "message7", "error": "HTTP 500"}]
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"task": "sort", "sample_id": "mess'
    (folder / "outputs.jsonl").write_text(text)
    assert [step.requests for step in planned(project).steps] == [0, 55, 60]
    assert (folder / "outputs.jsonl").read_text() == text


def test_two_baselines_that_ask_the_same_are_one_run(project: Project) -> None:
    project.release["baselines"]["again"] = {"few_shot": 2}
    project.write()
    assert planned(project).requests == 120


def test_a_server_that_is_gone_leaves_open_what_is_fresh(tmp_path: Path) -> None:
    project = make_project(tmp_path, "http://127.0.0.1:9")
    found = planned(project)
    assert states(found) == {"base model": FRESH, "queue · candidate": UNKNOWN, "queue · base": UNKNOWN}
    assert found.requests == 120
    assert "can't be asked who it is" in found.notes[0]


def test_before_training_the_candidates_runs_wait_for_it(project: Project) -> None:
    assert project.call("run", "-q") == 0
    (project.root / "lora.yaml").write_text("base_model: base\nadapter: lora\nlora_r: 8\nlora_alpha: 16\n"
                                            "datasets: [{path: train.jsonl, type: chat_template}]\n")  # fmt: skip
    chat = {"messages": [{"role": "user", "content": "new"}, {"role": "assistant", "content": "billing"}]}
    (project.root / "train.jsonl").write_text(json.dumps(chat) + "\n")
    project.release["candidate"] = {"base_model": "base", "train": {"axolotl": "lora.yaml", "data": "train.jsonl"}}
    project.write()
    assert states(planned(project)) == {
        "base model": FRESH, "training": TO_DO, "queue · candidate": AFTER, "queue · base": FRESH,
    }  # fmt: skip


def test_nothing_is_fetched_trained_or_written(desk: Desk) -> None:
    before = desk.files()
    found = plan(validate(desk.root / "release.yaml"), Planning())
    assert states(found) == {
        "base model": TO_DO, "training": TO_DO, "triage · candidate": AFTER, "triage · base": TO_DO,
        "desk · candidate": AFTER, "desk · base": TO_DO, "measured": AFTER,
    }  # fmt: skip
    assert [step.uncounted for step in found.steps] == [False, False, False, False, True, True, False]
    assert desk.files() == before


def test_samples_that_lm_eval_was_asked_before_are_known(desk: Desk) -> None:
    desk.swap("release.yaml", "triage.accuracy, at_least", "desk.knowledge.accuracy, at_least")
    release = validate(desk.root / "release.yaml")
    digest = next(t.digest for suite in release.suites for t in suite.tasks if t.name == "knowledge")
    first, second = results()
    run = other(suite="desk", release="desk", task_digests={"knowledge": digest, "another": "e" * 64})
    run = replace(run, metrics={"knowledge": run.metrics["t"]})
    workspace = Workspace(release.root)
    bring_in(workspace.store, finished(workspace.run(run.id), run, (replace(first, task="knowledge"), second)))
    found = {one.gate.metric: one for one in plan(release, Planning()).prospects}
    assert found["desk.knowledge.accuracy"].samples == 4


def test_the_text_names_each_step_and_gate(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.release["gates"][0]["at_least"] = 0.99
    project.write()
    assert project.call("plan", "--discordance", "0.2", "--expect", "0.995") == 0
    assert capsys.readouterr().out.splitlines() == [
        "release 'r'",
        "",
        "  base model         fresh",
        "  queue · candidate  to do: 60 requests, time not known yet",
        "  queue · base       to do: 60 requests, time not known yet",
        "",
        "  In all at most 120 requests; time not known yet.",
        "",
        "gates",
        "  cannot pass  queue.accuracy:at_least",
        "               at_least 0.99 on queue.accuracy needs 299 samples without one failure; you have 60.",
        "               1,941 samples give 80 % if the true rate is 0.995",
        "  can pass     queue.accuracy:improves:base",
        "               60 samples; 30 are the fewest",
        "               a gain of 14.1 points passes with 80 % (discordance 0.2)",
    ]
    assert project.call("run", "-q") == 0
    capsys.readouterr()
    assert project.call("plan") == 0
    assert "Nothing is left to do but to judge." in capsys.readouterr().out


def test_the_json_holds_the_same(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert project.call("plan", "--format", "json", "--expect", "queue.accuracy=0.9") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["requests"] == 120
    assert [step["state"] for step in found["steps"]] == [FRESH, TO_DO, TO_DO]
    assert found["planning"] == {"discordance": 0.12, "expect": {"queue.accuracy": 0.9}, "power": 0.8}
    first = found["gates"][0]
    assert (first["gate"], first["can_pass"], first["samples"]) == ("queue.accuracy:at_least", True, 60)
    assert first["chance"] == pytest.approx(0.64, abs=0.1)


def test_a_release_with_problems_has_no_plan(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.release["gates"][0]["at_least"] = 9
    project.write()
    assert project.call("plan") == 2
    assert capsys.readouterr().out == ""
