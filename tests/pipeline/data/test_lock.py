"""A changed file makes what rests on it stale, is named by the plan, and stands in the run's own record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.core.ids import digest_file
from harness.pipeline.candidate import foreseen
from harness.pipeline.data.lock import changes
from harness.pipeline.planning.plan import FRESH, TO_DO, plan
from harness.pipeline.planning.prospects import Planning
from harness.pipeline.validate import validate
from harness.pipeline.workspace import Workspace
from harness.store.manifest import read_manifest
from tests.pipeline.release_project import Project, rows, write_rows
from tests.projects import Project as Desk
from tests.projects import chat

FILES = {"data": "data/train.jsonl", "validation": "data/validation.jsonl", "config": "lora.yaml"}


def notes(project: Project) -> tuple[str, ...]:
    return plan(validate(project.file), Planning()).notes


def trained(root: Path, folder: Path) -> dict[str, str]:
    """A finished training of the files as they are now."""
    digests = {name: digest_file(root / path) for name, path in FILES.items()}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"digests": {**digests, "base": "b"}}), encoding="utf-8")
    return digests


def test_what_did_not_change_is_not_spoken_of(project: Project) -> None:
    assert notes(project) == ()
    assert project.call("run", "-q") == 0
    assert notes(project) == ()


def test_changed_samples_make_the_runs_stale_and_the_plan_says_so(project: Project) -> None:
    assert project.call("run", "-q") == 0
    write_rows(project.root / "data/test.jsonl", rows(61))
    found = plan(validate(project.file), Planning())
    assert {step.state for step in found.steps[1:]} == {TO_DO}
    assert found.notes == ("the samples of queue.sort changed since the last run: it is run again.",)
    write_rows(project.root / "data/test.jsonl", rows(60))
    assert {step.state for step in plan(validate(project.file), Planning()).steps} == {FRESH}


def test_changed_few_shot_examples_do_so_too(project: Project) -> None:
    assert project.call("run", "-q") == 0
    write_rows(project.root / "data/examples.jsonl", rows(10, "example"))
    assert {step.state for step in plan(validate(project.file), Planning()).steps[1:]} == {TO_DO}
    assert notes(project) == (
        "the prompt, examples, metrics or settings of queue.sort changed since the last run: it is run again.",
    )


@pytest.mark.parametrize("name", FILES)
def test_each_file_of_a_training_is_locked_and_named_where_it_changed(desk: Desk, name: str) -> None:
    release = validate(desk.root / "release.yaml")
    assert changes(release, trained=False, runs=()) == ()
    trained(desk.root, Workspace(desk.root).state / "training" / "one")
    assert changes(release, trained=False, runs=()) == ()
    desk.write(FILES[name], desk.read(FILES[name]) + "\n")
    (said,) = changes(release, trained=False, runs=())
    assert said.startswith(f"{FILES[name]} changed since the last training (")
    assert digest_file(desk.root / FILES[name])[:12] in said
    assert changes(release, trained=True, runs=()) == ()


@pytest.mark.parametrize("name", ["data", "validation"])
def test_a_changed_training_file_is_another_training_run(project: Project, name: str) -> None:
    for path in ("train", "validation"):
        write_rows(project.root / f"data/{path}.jsonl", [chat(f"{path} {i}") for i in range(3)])
    config = (
        "base_model: a/b\nadapter: lora\nlora_r: 8\ndatasets:\n  - path: data/train.jsonl\n    type: chat_template\n"
    )
    (project.root / "lora.yaml").write_text(config, encoding="utf-8")
    project.release["candidate"] = {
        "base_model": "base",
        "train": {"axolotl": "lora.yaml", "data": FILES["data"], "validation": FILES["validation"]},
    }
    project.write()
    before = foreseen(validate(project.file)).manifest
    assert foreseen(validate(project.file)).manifest == before
    write_rows(project.root / FILES[name], [chat(f"another {i}") for i in range(3)])
    assert foreseen(validate(project.file)).manifest != before


def test_the_candidates_run_holds_the_digests_of_what_taught_it(project: Project) -> None:
    for path in FILES.values():
        (project.root / path).write_text("x", encoding="utf-8")
    digests = trained(project.root, project.root)  # the manifest lies beside the adapter's folder
    assert project.call("run", "-q") == 0
    plans = project.plan()
    told = {role: read_manifest(Workspace(project.root).run(run))["recipe"] for role, run in plans.items()}
    assert told["candidate"]["taught"] == digests
    assert "taught" not in told["base"]


def test_an_adapter_from_elsewhere_has_no_such_digests_and_its_run_the_same_id(project: Project) -> None:
    before = project.plan()
    assert project.call("run", "-q") == 0
    assert "taught" not in read_manifest(Workspace(project.root).run(before["candidate"]))["recipe"]
    trained_root = project.root / "manifest.json"
    trained_root.write_text("no JSON", encoding="utf-8")
    assert project.plan() == before
