"""A stored run is asked anew where somebody says so or it is too old; both stay, and the newest counts."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from harness.store import bundle
from tests.openai_stub import MODEL, OpenaiStub
from tests.pipeline.release_project import Project
from tests.tgi_stub import Stub, running


def chats(stub: Stub) -> int:
    return len(stub.posts("/v1/chat/completions"))


def samples(stub: Stub) -> int:
    """The chats that are none of the fixed prompts by which a remote model is known."""
    return sum(text.startswith("message ") for text in stub.chat_texts)


def age(project: Project, monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """From now on it is so many days later."""
    moment = (datetime.now().astimezone() + timedelta(days=days)).isoformat(timespec="seconds")
    for place in ("gate", "running.run", "running.runs", "running.reruns", "running.measure", "registry.evidence"):
        monkeypatch.setattr(f"harness.pipeline.{place}.now", lambda: moment)


def test_a_model_that_changed_under_its_name_is_asked_anew(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    assert project.gate() == 0
    first, before = project.record, chats(stub)
    stub.answer = lambda text, adapter: "billing"
    assert project.call("gate", "-q", "--no-report", "--no-cache") == 0, "what was run is not asked, as the help says"
    assert chats(stub) == before
    said = " ".join(capfd.readouterr().out.split())
    assert re.search(r"asked \d+ (second|minute)s? ago, and not anew \(--again\): queue · candidate", said)
    assert project.call("gate", "-q", "--no-report", "--again") == 1
    assert chats(stub) == 2 * before
    second = project.record
    assert len(project.bundles) == 4, "both stay"
    for role in ("candidate", "base"):
        old, new = first["runs"][role]["queue"], second["runs"][role]["queue"]
        assert old != new
        note = f"the run of queue against the {role} was asked anew on "
        assert any(
            one.startswith(note) and f"{new[:12]} counts, and no longer {old[:12]}" in one for one in second["notes"]
        )
        assert bundle.read_run(project.state.run(new)).replaces == old
    assert project.gate() == 1, "the newest counts from now on"
    assert project.record["id"] == second["id"]
    assert chats(stub) == 2 * before


def test_one_suite_is_asked_anew_by_its_name(project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]) -> None:
    assert project.gate() == 0
    asked = chats(stub)
    assert project.call("gate", "-q", "--no-report", "--again", "queu") == 2
    assert "there is no suite 'queu' to ask anew. There are: queue" in capfd.readouterr().err
    assert project.call("gate", "-q", "--no-report", "--again", "queue") == 0
    assert chats(stub) == 2 * asked


def test_it_goes_on_where_it_was_broken_off(project: Project, stub: Stub) -> None:
    assert project.gate() == 0
    asked = chats(stub)
    stub.dies_after = stub.answered + 56  # after the proof behind the first 50
    assert project.call("gate", "-q", "--no-report", "--again") == 4
    stub.dies_after = None
    assert project.call("gate", "-q", "--no-report", "--again") == 0
    assert chats(stub) < 2 * asked + 40, "what was asked anew and proven already is not asked once more"
    assert all(
        bundle.read_run(project.state.run(suites["queue"])).replaces for suites in project.record["runs"].values()
    )


def test_a_look_goes_on_from_the_look_that_was_asked_anew(project: Project, stub: Stub) -> None:
    project.release["policy"] |= {"looks": 2}
    project.write()
    assert project.gate() == 0
    before = project.record
    assert project.call("gate", "-q", "--no-report", "--again") == 0
    assert project.record["runs"] != before["runs"]
    assert project.gate() == 0
    assert project.record["runs"] != before["runs"]


def test_a_remote_baselines_run_expires(project: Project, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(OpenaiStub()) as elsewhere:
        elsewhere.answer = lambda text, adapter: "billing"
        remote: dict[str, Any] = {"remote": {"url": f"{elsewhere.url}/v1", "model": MODEL}}
        project.release["baselines"] = {"big": remote}
        project.release["gates"] = [{"metric": "queue.accuracy", "against": "big", "improves": True}]
        project.release["policy"] |= {"max_age": "2d"}
        project.write()
        assert project.gate() == 0
        assert any("big answered under an address and a name" in one and "they count for 2 days" in one
                   for one in project.record["notes"])  # fmt: skip
        assert samples(elsewhere) == 60
        age(project, monkeypatch, 1)
        assert project.gate() == 0
        assert samples(elsewhere) == 60
        elsewhere.answer = lambda text, adapter: text.rsplit(" ", 1)[-1]
        age(project, monkeypatch, 3)
        assert project.call("promote", "--to", "staging") == 2
        assert project.gate() in (1, 3)
        assert samples(elsewhere) == 120


def test_promotion_names_what_is_too_old(
    project: Project, stub: Stub, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert project.gate() == 0
    age(project, monkeypatch, 8)
    assert project.call("promote", "--to", "staging") == 2
    said = capfd.readouterr().err
    assert "was asked 7 days ago" in said or "was asked 8 days ago" in said
    assert "policy.max_age is 7 days" in said
    project.release["policy"] |= {"max_age": "never"}
    project.write()
    assert project.gate() == 0
    assert project.call("promote", "--to", "staging") == 0


def test_an_interrupted_run_is_as_old_as_its_first_answer(
    project: Project, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.dies_after = 20
    assert project.gate() == 4
    stub.dies_after = None
    age(project, monkeypatch, 3)
    assert project.gate() == 0
    assert project.record["asked"]["candidate"]["queue"] < project.record["decided"]
    age(project, monkeypatch, 7.5)
    asked = chats(stub)
    assert project.gate() == 0
    assert chats(stub) == asked + 60, "the candidate's run is too old, the base's is not"
