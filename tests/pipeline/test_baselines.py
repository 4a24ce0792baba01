"""Baselines of every kind, run for real against stub servers: each is a stored run, told by what it is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from harness.config.load import load_release
from harness.pipeline.running.runs import plan_runs
from harness.pipeline.training.make import candidate
from harness.pipeline.validate import validate
from tests.openai_stub import MODEL, OpenaiStub
from tests.pipeline.release_project import Project, rows, write_rows
from tests.tgi_stub import ADAPTER, Stub, running
from tests.weights import adapter_file

KEY = "sk-very-secret-0123456789"


@pytest.fixture
def elsewhere() -> Iterator[OpenaiStub]:
    stub = OpenaiStub(vllm=False, key=KEY)
    with running(stub):
        yield stub


def against(project: Project, name: str, baseline: dict[str, Any], **gate: Any) -> None:
    project.release["baselines"] = {name: baseline}
    project.release["gates"] = [{"metric": "queue.accuracy", "against": name, **(gate or {"margin": 0.1})}]
    project.write()


def runs(project: Project) -> dict[str, dict[str, Any]]:
    manifests = [json.loads((folder / "manifest.json").read_text())["run"] for folder in project.bundles]
    return {run["model"]["role"]: run for run in manifests}


def test_a_remote_model_is_asked_with_its_key_and_never_with_ours(
    project: Project, stub: Stub, elsewhere: OpenaiStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIG_KEY", KEY)
    elsewhere.answer = lambda text, adapter: text.rsplit(" ", 1)[-1]
    against(project, "big", {"remote": {"url": f"{elsewhere.url}/v1", "model": MODEL, "key_env": "BIG_KEY"}})
    assert project.gate() == 0
    chats = [(body, key) for path, body, key in elsewhere.asked if path.endswith("/chat/completions")]
    assert {(body["model"], key) for body, key in chats} == {(MODEL, f"Bearer {KEY}")}
    assert sum(body["messages"][-1]["content"].startswith("message ") for body, _ in chats) == 60
    assert len(chats) <= 60 + 12, "few fixed prompts before, between and after"
    assert all(key is None for _, _, key in stub.asked)
    assert runs(project)["big"]["model"]["own"] == {"url": f"{elsewhere.url}/v1", "model": MODEL}
    for file in project.root.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file


def test_what_a_remote_model_refuses_is_left_out_and_told(project: Project, elsewhere: OpenaiStub) -> None:
    elsewhere.answer, elsewhere.key = lambda text, adapter: text.rsplit(" ", 1)[-1], None
    omit = ["temperature", "seed", "top_p"]
    against(project, "big", {"remote": {"url": f"{elsewhere.url}/v1", "model": MODEL, "omit": omit}})
    assert project.gate() == 0
    assert not [body for body in elsewhere.posts("/v1/chat/completions") if {*omit} & body.keys()]
    own = {"url": f"{elsewhere.url}/v1", "model": MODEL, "omit": sorted(omit)}
    assert runs(project)["big"]["model"]["own"] == own
    said = "the requests leave out seed, temperature, top_p, so whether its answers are greedy is not known"
    assert [one for one in project.record["notes"] if said in one]


@pytest.mark.parametrize(("owner", "told"), [("vllm", "neutral"), ("stub", None)])
def test_how_a_remote_model_samples_is_part_of_the_run(
    project: Project, elsewhere: OpenaiStub, owner: str, told: str | None
) -> None:
    elsewhere.answer, elsewhere.key, elsewhere.owner = lambda text, adapter: text.rsplit(" ", 1)[-1], None, owner
    against(project, "big", {"remote": {"url": f"{elsewhere.url}/v1", "model": MODEL}})
    assert project.gate() == 0
    assert runs(project)["big"]["server"].get("sampling") == told
    asked = len(elsewhere.posts("/v1/chat/completions"))
    assert project.gate() == 0
    assert len(elsewhere.posts("/v1/chat/completions")) < asked + 12, "the same run"


def test_a_missing_key_is_told_before_anything_runs(
    project: Project, stub: Stub, elsewhere: OpenaiStub, capsys: pytest.CaptureFixture[str]
) -> None:
    against(project, "big", {"remote": {"url": f"{elsewhere.url}/v1", "model": MODEL, "key_env": "NOT_SET_ANYWHERE"}})
    assert project.gate() == 2
    assert "NOT_SET_ANYWHERE is not set" in capsys.readouterr().err
    assert stub.chat_texts == []


def test_a_remote_model_that_is_gone_judges_nothing(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    against(project, "big", {"remote": {"url": "http://127.0.0.1:9/v1", "model": "m"}})
    assert project.gate() == 4
    assert "127.0.0.1:9" in capsys.readouterr().err


def test_the_best_prompt_is_chosen_on_validation_rows_alone(project: Project, stub: Stub) -> None:
    """The base answers right only where the second prompt asks; nothing of the test rows decides that."""
    write_rows(project.root / "validation.jsonl", rows(12, "validation"))
    project.suite["tasks"]["sort"] |= {
        "alternatives": [{"user": "Sort: {{ text }}"}, {"user": "Say: {{ text }}"}],
        "validation": "validation.jsonl",
    }
    stub.answer = lambda text, adapter: (
        text.rsplit(" ", 1)[-1] if adapter == ADAPTER or text.startswith("Sort:") else "other"
    )
    against(project, "prompted", {"prompt": "best"})
    assert project.gate() == 0
    base = [b["messages"][-1]["content"] for b in stub.posts("/v1/chat/completions") if b["model"] != ADAPTER]
    assert len(base) == 3 * 12 + 60
    assert all("validation" in text for text in base[:36])
    assert all(text.startswith("Sort: message") for text in base[36:])
    assert any("prompt 2 of 3" in note for note in project.record["notes"])
    assert runs(project)["prompted"]["counts"]["scored"] == 60


def test_other_prompts_to_choose_from_leave_the_candidates_run_fresh(project: Project, stub: Stub) -> None:
    write_rows(project.root / "validation.jsonl", rows(12, "validation"))
    task = project.suite["tasks"]["sort"]
    task |= {"alternatives": [{"user": "Sort: {{ text }}"}], "validation": "validation.jsonl"}
    against(project, "prompted", {"prompt": "best"})
    assert project.gate() == 0
    ours = sum(body["model"] == ADAPTER for body in stub.posts("/v1/chat/completions"))
    task["alternatives"] = [{"user": "Which queue? {{ text }}"}]
    project.write()
    assert project.gate() == 0
    assert sum(body["model"] == ADAPTER for body in stub.posts("/v1/chat/completions")) == ours


def test_a_baseline_is_asked_its_own_suites_only(project: Project) -> None:
    project.release["baselines"]["base"] = {"suites": ["queue"]}
    second = project.root / "second.yaml"
    suite = {**project.suite, "name": "second"}
    second.write_text(json.dumps(suite))
    project.release["suites"] = [*project.release["suites"], "second.yaml"]
    project.release["gates"] = [{"metric": "second.accuracy", "at_least": 0.01}]
    project.write()
    release = validate(project.file)
    plan = plan_runs(release, candidate(release, lambda _: None))
    assert {(run.suite.name, run.model.role) for run in plan.runs} == {
        ("queue", "candidate"), ("queue", "base"), ("second", "candidate"),
    }  # fmt: skip
    project.release["gates"] = [{"metric": "second.accuracy", "against": "base", "improves": True}]
    project.write()
    (problem,) = load_release(project.file)[1]
    assert "the baseline 'base' is not asked the suite 'second'" in str(problem)


def test_peoples_answers_are_a_run_of_their_own(project: Project) -> None:
    write_rows(
        project.root / "people.jsonl",
        [{"id": row["id"], "answer": row["label"] if i % 2 else "other"} for i, row in enumerate(rows(60))],
    )
    against(project, "people", {"human": {"queue.sort": "people.jsonl"}}, improves=True)
    assert project.gate() == 0
    result = project.record["results"][0]["finding"]["evidence"]
    assert (result["candidate"], round(result["baseline"], 3)) == (1.0, 0.667)
    assert runs(project)["people"]["server"] == {"kind": "human"}


def test_another_file_of_answers_is_another_run(project: Project) -> None:
    write_rows(project.root / "people.jsonl", [{"id": row["id"], "answer": "other"} for row in rows(60)])
    against(project, "people", {"human": {"queue.sort": "people.jsonl"}}, improves=True)
    assert project.gate() == 0
    first = project.record["runs"]["people"]
    write_rows(project.root / "people.jsonl", [{"id": row["id"], "answer": row["label"]} for row in rows(60)])
    assert project.gate() in (1, 3)
    assert project.record["runs"]["people"] != first


def test_nothing_in_production_is_told_with_what_to_do(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    against(project, "live", {"production": "required"})
    assert project.gate() == 2
    assert "production: or_base" in capsys.readouterr().err


def test_until_there_is_one_the_base_stands_in_and_the_decision_says_so(project: Project) -> None:
    against(project, "live", {"production": "or_base"}, improves=True)
    assert project.gate() == 0
    assert any("no version was in production" in note for note in project.record["notes"])


def newer_adapter(project: Project) -> None:
    """The promoted adapter moves to where trainings lie, and other weights take its place."""
    old = (project.root / "adapter").rename(project.root / "old")
    trained = project.state.state / "training" / "x"
    trained.mkdir(parents=True)
    (trained / "adapter").symlink_to(old)
    (project.root / "adapter").mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (project.root / "adapter" / name).write_bytes((old / name).read_bytes())
    project.weights.write_bytes(adapter_file("new weights"))


def test_the_version_in_production_is_compared_by_the_run_it_was_promoted_on(project: Project, stub: Stub) -> None:
    against(project, "live", {"production": "or_base", "adapter_id": "old"})
    assert project.gate() == 0
    assert project.call("promote", "--to", "production") == 0
    promoted = project.record["runs"]["candidate"]["queue"]
    newer_adapter(project)
    stub.shifts = {"old": 0.2}
    before = len(stub.chat_texts)
    assert project.gate() == 0
    assert len(stub.chat_texts) - before == 60  # the same bytes answered the same samples before
    assert project.record["runs"]["live"]["queue"] == promoted
    assert any("is the adapter in production" in note for note in project.record["notes"])


def test_on_other_samples_the_version_in_production_is_asked_by_its_own_name(project: Project, stub: Stub) -> None:
    against(project, "live", {"production": "or_base", "adapter_id": "old"}, improves=True)
    assert project.gate() == 0
    assert project.call("promote", "--to", "production") == 0
    newer_adapter(project)
    stub.shifts = {"old": 0.2}
    write_rows(project.root / "data/test.jsonl", rows(63))
    before = len(stub.chat_texts)
    assert project.gate() == 0
    asked = [body["model"] for body in stub.posts("/v1/chat/completions")][before:]
    assert (asked.count(ADAPTER), asked.count("old"), len(asked)) == (63, 63, 126)


def test_a_version_whose_adapter_is_gone_is_told(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    against(project, "live", {"production": "or_base"})
    assert project.gate() == 0
    assert project.call("promote", "--to", "production") == 0
    project.weights.write_bytes(adapter_file("new weights"))
    shutil.rmtree(project.state.state / "adapters")
    assert project.gate() == 2
    assert "no more on this disk" in capsys.readouterr().err


def test_an_anchor_is_a_pinned_decisions_run_and_is_not_asked_again(project: Project, stub: Stub) -> None:
    assert project.gate() == 0
    pinned = project.record
    project.weights.write_bytes(adapter_file("newer weights"))
    against(project, "anchor", {"anchor": pinned["id"][:12]})
    before = len(stub.chat_texts)
    assert project.gate() == 0
    assert len(stub.chat_texts) - before == 60
    assert project.record["runs"]["anchor"] == pinned["runs"]["candidate"]


def test_an_anchor_on_other_samples_compares_nothing(project: Project) -> None:
    assert project.gate() == 0
    pinned = project.record["id"]
    write_rows(project.root / "data/test.jsonl", rows(61))
    against(project, "anchor", {"anchor": pinned[:12]})
    assert project.gate() == 2
    assert project.record["verdict"] == "ERROR"


def test_an_anchor_that_is_no_decision_is_told(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert project.gate() == 0
    against(project, "anchor", {"anchor": "ffffff"})
    assert project.gate() == 2
    assert "ffffff" in capsys.readouterr().err
