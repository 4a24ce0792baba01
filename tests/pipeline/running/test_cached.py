"""The cache never gives one model's answer for another's, and never an answer that nobody can vouch for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.store.cache import size
from tests.pipeline.release_project import Project, rows, write_rows
from tests.tgi_stub import Stub
from tests.weights import adapter_file


@pytest.fixture
def vouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stub has no training's record to be compared with; here that is taken for done."""
    from harness.client.preflight import Preflight

    async def holds(*_: Any) -> Preflight:
        return Preflight("proven: the adapter's log-probabilities differ from the base model's", ())

    monkeypatch.setattr("harness.pipeline.running.vouch.preflight", holds)


def outputs(project: Project) -> list[dict[str, Any]]:
    lines = [line for folder in project.bundles for line in (folder / "outputs.jsonl").read_text().splitlines()]
    return [json.loads(line) for line in lines]


@pytest.mark.usefixtures("vouched")
def test_only_new_samples_are_asked_when_a_suite_grows(project: Project, stub: Stub) -> None:
    assert project.call("run", "-q") == 0
    write_rows(project.root / "data/test.jsonl", rows(65))
    before = len(stub.chat_texts)
    assert project.call("run", "-q") == 0
    assert len(stub.chat_texts) - before == 2 * 5
    newest = [one for one in outputs(project) if one["cached"]]
    assert len(newest) == 2 * 60


@pytest.mark.usefixtures("vouched")
def test_another_adapter_is_asked_everything(project: Project, stub: Stub) -> None:
    assert project.call("run", "-q") == 0
    project.weights.write_bytes(adapter_file("other weights"))
    before = len(stub.chat_texts)
    assert project.call("run", "-q") == 0
    assert len(stub.chat_texts) - before == 60  # the base model's runs are fresh


@pytest.mark.usefixtures("vouched")
@pytest.mark.parametrize(
    "change",
    [
        {"prompt": {"user": "Which queue? {{ text }}"}},
        {"generation": {"max_new_tokens": 9}},
        {"generation": {"max_new_tokens": 8, "temperature": 0.5}},
        {"generation": {"max_new_tokens": 8, "seed": 5}},
        {"generation": {"max_new_tokens": 8, "stop": ["."]}},
    ],
)
def test_another_question_is_asked(project: Project, stub: Stub, change: dict[str, Any]) -> None:
    assert project.call("run", "-q") == 0
    project.suite["tasks"]["sort"] |= change
    project.write()
    before = len(stub.chat_texts)
    assert project.call("run", "-q") == 0
    assert len(stub.chat_texts) - before == 120


@pytest.mark.usefixtures("vouched")
def test_another_server_version_is_asked(project: Project, stub: Stub) -> None:
    assert project.call("run", "-q") == 0
    stub.info["version"] = "3.3.8"
    before = len(stub.chat_texts)
    assert project.call("run", "-q") == 0
    assert len(stub.chat_texts) - before == 120


@pytest.mark.usefixtures("vouched")
def test_the_flag_neither_reads_nor_writes(project: Project, stub: Stub) -> None:
    assert project.call("run", "-q", "--no-cache") == 0
    assert size(project.state.cache).entries == 0
    assert project.call("run", "-q") == 0  # fresh: nothing is asked, nothing kept
    write_rows(project.root / "data/test.jsonl", rows(61))
    assert project.call("run", "-q", "--no-cache") == 0
    assert len(stub.chat_texts) == 120 + 122


def test_what_is_not_vouched_for_is_never_kept(project: Project, stub: Stub) -> None:
    """No training recorded what this adapter says, so the name on the server may come to mean another one."""
    assert project.call("run", "-q") == 0
    assert size(project.state.cache).entries == 0


@pytest.mark.usefixtures("vouched")
def test_failures_are_not_kept(project: Project, stub: Stub) -> None:
    stub.refused = lambda text: 422 if text == "message 0 about billing" else None
    project.release["policy"]["max_not_evaluated"] = 0.01
    write_rows(project.root / "data/test.jsonl", rows(100))
    assert project.call("run", "-q") == 0
    assert size(project.state.cache).entries == 198


@pytest.mark.usefixtures("vouched")
def test_the_command_shows_and_clears(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert project.call("run", "-q") == 0
    assert project.call("cache") == 0
    assert "120 answers" in capsys.readouterr().out
    assert project.call("cache", "clear") == 0
    assert "removed 120 answers" in capsys.readouterr().out
    assert project.call("cache") == 0
    assert "0 answers" in capsys.readouterr().out
