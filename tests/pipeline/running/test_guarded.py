"""A server that changes under the run: what it answered since the last proof never counts, and it is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.client import guard
from harness.store import bundle
from tests.openai_stub import MODEL, OpenaiStub
from tests.pipeline.release_project import Project, rows, write_rows
from tests.tgi_stub import ADAPTER, Stub, right_for_the_adapter, running

SAMPLES = 120


@pytest.fixture(autouse=True)
def by_count_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine weaves no more prompts than a quick one."""
    monkeypatch.setattr(guard, "SECONDS", 1e9)


@pytest.fixture
def project(project: Project) -> Project:
    write_rows(project.root / "data/test.jsonl", rows(SAMPLES))
    return project


def after(stub: Stub, count: int, change: Callable[[], None]) -> None:
    """`change` happens once, when the server has given so many answers."""
    answer, left = stub.answer, [change]

    def answered(text: str, adapter: str | None) -> str:
        if stub.answered > count and left:
            left.pop()()
        return (answer if stub.answer is answered else stub.answer)(text, adapter)

    stub.answer = answered


def finished(project: Project) -> list[str]:
    """The roles whose runs are whole."""
    return [bundle.read_run(folder).model.role for folder in project.bundles if bundle.is_finished(folder)]


def the_base_answers_as_the_adapter(stub: Stub) -> None:
    """As TGI does after a restart without its adapters; `/info` is the same."""
    stub.adapter_shift, stub.answer = 0.0, lambda text, _: text.rsplit(" ", 1)[-1]


@pytest.mark.parametrize("count", [4, 100])
def test_a_restart_without_the_adapter_is_no_pass(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str], count: int
) -> None:
    """The adapter itself answers nonsense, and the base model in its place is right."""
    stub.answer = lambda text, adapter: "nonsense"
    after(stub, count, lambda: the_base_answers_as_the_adapter(stub))
    assert project.gate() == 4
    said = capfd.readouterr().err
    assert "does not serve the model any more that was proven before the first sample" in said
    assert "moved by 0.5 nats a token" in said
    assert finished(project) == []


def test_another_model_behind_the_address_is_no_pass(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    after(stub, 4, lambda: stub.info.update(model_id="another"))
    assert project.gate() == 4
    assert "the server now says model_id 'another', and said 'stub' when it was proven" in capfd.readouterr().err
    assert finished(project) == []


def test_one_bad_replica_of_two_is_seen_before_the_first_sample(project: Project, stub: Stub) -> None:
    stub.bad_replica = True
    assert project.gate() == 4
    assert stub.answered == 0


def test_one_bad_replica_of_two_is_no_pass(project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]) -> None:
    after(stub, 4, lambda: setattr(stub, "bad_replica", True))
    assert project.gate() == 4
    said = capfd.readouterr().err
    assert "the answers come from two different models" in said or "does not serve the model any more" in said
    assert finished(project) == []


def test_the_last_answer_is_followed_by_a_proof(project: Project, stub: Stub) -> None:
    after(stub, SAMPLES - 1, lambda: setattr(stub, "adapter_shift", 0.0))
    assert project.gate() == 4
    assert finished(project) == []


def test_what_a_server_answered_that_changed_for_a_while_is_asked_again(
    project: Project, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The base answered in the adapter's place from the 80th answer until the proof that saw it."""
    wrong = iter([True])

    def between(_: Any) -> None:
        stub.adapter_shift, stub.answer = 0.5, right_for_the_adapter

    def change() -> None:
        if next(wrong, False):
            the_base_answers_as_the_adapter(stub)

    again = guard.Guard.again

    async def came_back(self: guard.Guard, *words: Any) -> None:
        between(self)
        await again(self, *words)

    monkeypatch.setattr(guard.Guard, "again", came_back)
    after(stub, 80, change)
    assert project.gate() == 0
    asked = [body["messages"][-1]["content"] for body in stub.posts("/v1/chat/completions") if body["model"] == ADAPTER]
    twice = sum(asked.count(text) > 1 for text in set(asked))
    assert len(set(asked)) == SAMPLES
    assert 80 - guard.EVERY - 8 <= twice <= SAMPLES - guard.EVERY


def test_answers_after_the_last_proof_are_not_trusted_by_a_run_that_goes_on(project: Project, stub: Stub) -> None:
    after(stub, 80, lambda: the_base_answers_as_the_adapter(stub))
    assert project.gate() == 4
    (folder,) = project.bundles
    held = len(bundle.Journal(folder, only_held=True).done)
    assert guard.EVERY - 8 <= held <= 80
    stub.adapter_shift, stub.answer = 0.5, right_for_the_adapter
    before = stub.answered
    assert project.gate() == 0
    assert stub.answered - before == 2 * SAMPLES - held


def test_an_answer_is_kept_for_later_runs_once_it_was_proven(project: Project, stub: Stub) -> None:
    after(stub, 20, lambda: the_base_answers_as_the_adapter(stub))
    assert project.gate() == 4
    stub.adapter_shift, stub.answer = 0.5, right_for_the_adapter
    for folder in project.bundles:
        (folder / bundle.OUTPUTS).unlink()
    before = stub.answered
    assert project.gate() == 0
    assert stub.answered - before == 2 * SAMPLES


def test_a_right_server_is_asked_little_more(project: Project, stub: Stub) -> None:
    assert project.gate() == 0
    proofs = len(stub.posts("/generate"))
    assert stub.answered == 2 * SAMPLES
    before = 2 * (3 + 3) + 9 + 3 + 8 + 1  # pre-flight of both models, and what stands in for the computed record
    assert proofs <= before + 2 * (SAMPLES // guard.EVERY + 3)


def by_text(project: Project, stub: Stub) -> None:
    stub.prefill = False
    project.release["serve"]["unproven"] = "accept"
    project.write()


def test_without_log_probabilities_texts_tell_and_the_decision_says_so(project: Project, stub: Stub) -> None:
    by_text(project, stub)
    assert project.gate() == 0
    assert any("is known by text only" in note for note in project.record["notes"])


def test_without_log_probabilities_another_model_is_seen_by_its_texts(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    by_text(project, stub)
    after(stub, 30, lambda: setattr(stub, "answer", lambda text, _: "something else"))
    assert project.gate() == 4
    assert "the greedy answer to the fixed prompt" in capfd.readouterr().err
    assert finished(project) == []


def test_a_name_that_is_not_the_alias_is_right_and_one_that_changes_is_not(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.names = "a-model-2026-01-01"
    assert project.call("run", "-q") == 0
    assert sorted(finished(project)) == ["base", "candidate"]
    write_rows(project.root / "data/test.jsonl", rows(SAMPLES + 1))
    after(stub, stub.answered + 60, lambda: setattr(stub, "names", "a-model-2026-02-02"))
    assert project.call("run", "-q") == 4
    assert "a reply names the model 'a-model-2026-02-02', and earlier ones" in capfd.readouterr().err


@pytest.fixture
def elsewhere() -> Iterator[OpenaiStub]:
    with running(OpenaiStub(vllm=False, answer=lambda text, _: text.rsplit(" ", 1)[-1])) as found:
        yield found


def against(project: Project, elsewhere: OpenaiStub) -> None:
    project.release["baselines"] = {"big": {"remote": {"url": f"{elsewhere.url}/v1", "model": MODEL}}}
    project.release["gates"] = [{"metric": "queue.accuracy", "against": "big", "margin": 0.1}]
    project.write()


def test_a_remote_baseline_that_becomes_another_model_judges_nothing(
    project: Project, elsewhere: OpenaiStub, capfd: pytest.CaptureFixture[str]
) -> None:
    against(project, elsewhere)
    after(elsewhere, 40, lambda: setattr(elsewhere, "names", "smaller"))
    assert project.gate() == 4
    assert f"a reply names the model 'smaller', and earlier ones '{MODEL}'" in capfd.readouterr().err
    assert finished(project) == ["candidate"]


def test_a_remote_baseline_whose_texts_change_judges_nothing(project: Project, elsewhere: OpenaiStub) -> None:
    against(project, elsewhere)
    after(elsewhere, 40, lambda: setattr(elsewhere, "answer", lambda text, _: "other"))
    assert project.gate() == 4
    assert finished(project) == ["candidate"]


def test_another_model_behind_a_remote_baselines_address_is_another_run(
    project: Project, elsewhere: OpenaiStub
) -> None:
    against(project, elsewhere)
    elsewhere.names = "big-2026-01"
    assert project.call("run", "-q") == 0
    (first,) = of_big(project)
    run = bundle.read_run(first)
    assert any("was answered by the model 'big-2026-01'" in note for note in run.notes)
    outputs = (first / bundle.OUTPUTS).read_text().splitlines()
    assert {json.loads(line)["model"] for line in outputs} == {"big-2026-01"}
    assert project.call("run", "-q") == 0
    assert of_big(project) == [first], "the same model is the same run"
    elsewhere.names = "big-2026-02"
    assert project.call("run", "-q") == 0
    assert len(of_big(project)) == 2
    elsewhere.dies_after = 0
    assert project.call("run", "-q") == 0, "a server that is gone is the one that answered last"


def of_big(project: Project) -> list[Path]:
    return [folder for folder in project.bundles if bundle.read_run(folder).model.role == "big"]


def test_a_server_that_changes_under_the_measurement_is_not_measured(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    project.release["measure"] = {"requests": 60, "warm_up": 4, "baseline": "base", "concurrency": 2}
    project.release["gates"].append({"metric": "latency.p95", "at_most": "5s"})
    project.write()
    after(stub, 2 * SAMPLES + 60, lambda: setattr(stub, "adapter_shift", 0.0))
    assert project.gate() == 4
    assert "Nothing was measured" in capfd.readouterr().err
    assert len(finished(project)) == 2
