"""Declared looks: samples come in parts, alpha is spent between them, and a decided gate asks for no more."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from harness.pipeline.judging.judge import judge
from harness.pipeline.looks import alpha_of, at_look, saving
from harness.pipeline.validate import validate
from harness.store.bundle import read_run
from tests.pipeline.release_project import Project, rows, write_rows
from tests.tgi_stub import ADAPTER, Stub
from tests.weights import adapter_file

SAMPLES = 300


@pytest.fixture
def looked(project: Project) -> Project:
    """Three looks at 300 samples."""
    write_rows(project.root / "data/test.jsonl", rows(SAMPLES))
    project.release["policy"] |= {"looks": 3}
    project.write()
    return project


def asked(stub: Stub) -> Counter[str]:
    """How often each message was asked of the adapter."""
    texts = [body["messages"][-1]["content"] for body in stub.posts("/v1/chat/completions") if body["model"] == ADAPTER]
    return Counter(texts)


def wrong_for(stub: Stub, every: int) -> None:
    """The adapter is wrong on one message in `every`, the base on two in three."""

    def answer(text: str, adapter: str | None) -> str:
        number, label = int(re.findall(r"\d+", text)[-1]), text.rsplit(" ", 1)[-1]
        return "nothing" if number % every == 0 or (adapter is None and number % 3) else label

    stub.answer = answer


def test_looks_are_nested_whole_in_their_groups_and_the_last_is_all(looked: Project) -> None:
    looked.suite["tasks"]["sort"]["group"] = "customer"
    looked.write()
    for name, found in (("test", rows(SAMPLES)), ("examples", rows(9, "example"))):
        given = [{**row, "customer": f"{name}{i // 5}"} for i, row in enumerate(found)]
        write_rows(looked.root / f"data/{name}.jsonl", given)
    release = validate(looked.file)
    parts = [at_look(release, look).suites[0].tasks[0] for look in (1, 2, 3)]
    ids = [{sample.id for sample in part.samples} for part in parts]
    assert [len(found) for found in ids] == [100, 200, 300]
    assert ids[0] < ids[1] < ids[2]
    for found, part in zip(ids, parts, strict=True):
        groups = {sample.group for sample in part.samples}
        assert found == {sample.id for sample in parts[2].samples if sample.group in groups}
    assert len({part.digest for part in parts}) == 3
    assert parts[2] == release.suites[0].tasks[0]
    assert {part.whole for part in parts[:2]} == {parts[0].whole}


def test_a_perturbed_copy_comes_with_its_sample(looked: Project) -> None:
    release = validate(looked.file)
    clean = release.suites[0].tasks[0]
    copies = tuple(replace(s, id=f"{s.id}~typos", origin=s.id, group=s.id) for s in clean.samples)
    suite = replace(release.suites[0], name="hard", tasks=(replace(clean, samples=copies, clean=("queue", "sort")),))
    first = at_look(replace(release, suites=(release.suites[0], suite)), 1)
    assert [s.origin for s in first.suites[1].tasks[0].samples] == [s.id for s in first.suites[0].tasks[0].samples]


def test_a_clear_case_is_decided_at_an_early_look_and_says_what_it_saved(looked: Project, stub: Stub) -> None:
    wrong_for(stub, every=50)
    assert looked.gate() == 0
    assert looked.record["looks"] == [1, 3]
    assert set(asked(stub).values()) == {1}
    assert len(asked(stub)) == 100
    assert (
        "every gate was decided at look 1 of 3: 200 of 600 requests were made, 400 were saved" in looked.record["notes"]
    )
    level = {result["finding"]["evidence"]["level"] for result in looked.record["results"]}
    release = validate(looked.file)
    alphas = {alpha_of(gate, release, 1) for gate in release.policy.gates}
    assert level == {1 - alpha for alpha in alphas}
    assert max(alphas) < 0.005


def test_a_close_case_goes_on_and_asks_no_sample_twice(looked: Project, stub: Stub) -> None:
    looked.release["gates"][0]["at_least"] = 0.96
    looked.write()
    wrong_for(stub, every=30)
    assert looked.call("gate", "-q", "--no-report", "--no-cache") == 3
    assert looked.record["looks"] == [3, 3]
    assert looked.record["results"][0]["finding"]["evidence"]["n"] == SAMPLES
    assert len(asked(stub)) == SAMPLES
    assert set(asked(stub).values()) == {1}
    assert not any("saved" in note for note in looked.record["notes"])


def test_the_same_command_again_asks_nothing_and_decides_the_same(looked: Project, stub: Stub) -> None:
    wrong_for(stub, every=50)
    assert looked.gate() == 0
    before = (looked.record["id"], len(stub.posts("/v1/chat/completions")))
    assert looked.gate() == 0
    assert (looked.record["id"], len(stub.posts("/v1/chat/completions"))) == before


def test_all_samples_at_hand_are_one_look_at_its_own_alpha(looked: Project, stub: Stub) -> None:
    wrong_for(stub, every=50)
    assert looked.call("run", "-q") == 0
    assert looked.gate() == 0
    assert looked.record["looks"] == [3, 3]


def test_a_decision_at_an_early_look_is_promoted_and_verified(looked: Project, stub: Stub) -> None:
    wrong_for(stub, every=50)
    assert looked.gate() == 0
    record = looked.state.reports("r") / "decision.json"
    assert looked.call("verify", str(record)) == 0
    assert looked.call("promote", "--to", "staging") == 0


def test_candidates_that_stopped_at_different_looks_share_their_attempts(looked: Project, stub: Stub) -> None:
    wrong_for(stub, every=50)
    assert looked.gate() == 0
    (looked.weights).write_bytes(adapter_file("another"))
    looked.release["gates"][0]["at_least"] = 0.96
    looked.write()
    wrong_for(stub, every=30)
    assert looked.gate() == 3
    assert looked.record["looks"] == [3, 3]
    assert looked.record["attempts"] == {"queue.sort": 2}


def test_a_stopped_run_keeps_its_own_samples_and_the_digest_of_all(looked: Project, stub: Stub) -> None:
    wrong_for(stub, every=50)
    assert looked.gate() == 0
    runs = [read_run(folder) for folder in looked.bundles]
    assert {run.counts.total for run in runs} == {100}
    whole = at_look(validate(looked.file), 1).suites[0].tasks[0].whole
    assert {tuple(run.data.values()) for run in runs} == {(whole,)}


def test_without_looks_nothing_is_saved_and_alpha_is_whole(project: Project) -> None:
    release = validate(project.file)
    assert at_look(release, 1) is release
    assert saving(release, 1, 2) == ""
    assert alpha_of(release.policy.gates[0], release, 1) == 0.05


@pytest.mark.parametrize(("looks", "code"), [(0, 2), (11, 2), ("often", 2), (10, 0), ("anytime", 0)])
def test_only_a_sensible_number_of_looks_is_taken(project: Project, looks: Any, code: int) -> None:
    project.release["policy"] |= {"looks": looks}
    project.write()
    assert project.call("validate") == code


def test_bounds_at_any_time_are_wider(project: Project) -> None:
    assert project.gate() == 0
    fixed = [result["finding"]["evidence"]["low"] for result in project.record["results"]]
    project.release["policy"] |= {"looks": "anytime"}
    project.write()
    project.gate()
    wider = [result["finding"]["evidence"]["low"] for result in project.record["results"]]
    assert all(low < before for low, before in zip(wider, fixed, strict=True))


def test_another_server_between_two_looks_is_asked_everything_anew(
    looked: Project, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the server of the first look answered is no answer of the one that runs at the second."""
    looked.release["gates"][0]["at_least"] = 0.96
    looked.write()
    wrong_for(stub, every=30)

    def update(*given: Any) -> Any:
        stub.info["version"] = "9.9.9"
        return judge(*given)

    monkeypatch.setattr("harness.pipeline.gate.judge", update)
    assert looked.call("gate", "-q", "--no-report", "--no-cache") == 3
    assert sorted(set(asked(stub).values())) == [1, 2]
    assert len(asked(stub)) == SAMPLES
