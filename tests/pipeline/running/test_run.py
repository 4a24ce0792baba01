"""A run that is disturbed in any way loses nothing that was finished, and ends as the undisturbed one does."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from harness.store import bundle
from harness.store.parquet import read_rows
from harness.store.parts import FILES, FORMAT
from tests.pipeline.release_project import Project, make_project
from tests.tgi_stub import Stub, running
from tests.waiting import until

PARTS = FILES[FORMAT]
SAMPLES = 120


@pytest.fixture
def project(tmp_path: Path, stub: Stub) -> Project:
    return make_project(tmp_path, stub.url, SAMPLES)


def content(project: Project) -> dict[str, Any]:
    """All bundles, less what no two runs share: times, latencies, and the stub's own port with what follows from it."""
    found: dict[str, Any] = {}
    for folder in project.bundles:
        run = json.loads((folder / "manifest.json").read_text())["run"]
        parts = {name: list(read_rows(folder / name)) for name in PARTS}
        for line in parts["outputs.jsonl"]:
            assert line.pop("latency") >= 0
            assert line.pop("attempts") >= 1
        for key in ("id", "started", "seconds", "server", "adapter_proof", "notes"):  # what stands in for the record
            del run[key]
        found[run["model"]["role"]] = {"run": run, **parts}
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with running(Stub()) as stub:
        project = make_project(tmp_path_factory.mktemp("undisturbed"), stub.url, SAMPLES)
        assert project.call("run", "-q") == 0
        return content(project)


def wait_for(stub: Stub, count: int) -> None:
    until(lambda: stub.answered >= count, every=0.005)


def test_a_killed_run_goes_on_and_ends_as_the_undisturbed_one(
    project: Project, stub: Stub, undisturbed: dict[str, Any]
) -> None:
    """What was proven is asked once; what came after the last proof is asked again."""
    stub.delay = 0.02
    process = project.start("run", "-q")
    wait_for(stub, 80)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    stub.delay = 0.0
    (folder,) = project.bundles
    finished = {sample for _, sample, _ in bundle.Journal(folder, only_held=True).done}
    assert 20 <= len(finished) < SAMPLES
    before = len(stub.chat_texts)
    assert project.call("run", "-q") == 0
    again = [body for body in stub.posts("/v1/chat/completions")[before:] if body["model"] == "tuned"]
    asked = {f"message{body['messages'][-1]['content'].split()[1]}" for body in again}
    assert not asked & finished
    assert len(again) == SAMPLES - len(finished)
    assert content(project) == undisturbed


def test_an_interrupted_run_ends_at_once_with_a_message(project: Project, stub: Stub) -> None:
    stub.delay = 0.2
    process = project.start("run", "-q")
    wait_for(stub, 8)  # a worker asks its second question when its first answer is kept
    stub.delay = 600.0  # a command that waits for its answers never ends
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted. What was finished is kept" in said
    assert len(bundle.Journal(project.bundles[0]).done) >= 4
    assert project.call("status") == 0


def test_a_server_that_dies_leaves_what_was_finished(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str], undisturbed: dict[str, Any]
) -> None:
    stub.dies_after = 75
    assert project.gate() == 4
    assert "is gone" in capfd.readouterr().err
    (folder,) = project.bundles
    assert not bundle.is_finished(folder)
    held = len(bundle.Journal(folder, only_held=True).done)
    assert 20 <= held <= stub.answered
    assert not project.state.reports("r").exists()
    lost, stub.dies_after = stub.answered - held, None
    assert project.call("run", "-q") == 0
    assert stub.answered == 2 * SAMPLES + lost, f"{held} answers were asked for once"
    assert content(project) == undisturbed


def test_a_server_that_is_not_there_is_an_outside_error(project: Project, stub: Stub) -> None:
    stub.dies_after = 0
    assert project.gate() == 4
    assert project.bundles == []


def test_a_server_that_stumbles_is_no_different(project: Project, stub: Stub, undisturbed: dict[str, Any]) -> None:
    stumbles = iter([503, None, 429])
    stub.refused = lambda text: next(stumbles, None)
    assert project.call("run", "-q") == 0
    assert stub.most_in_flight <= 4
    assert content(project) == undisturbed


def test_every_sample_has_exactly_one_output_in_order(project: Project, stub: Stub) -> None:
    project.call("run", "-q")
    for folder in project.bundles:
        (result,) = bundle.read_results(folder)
        names = [f"message{i}" for i in range(SAMPLES)]
        assert [sample.id for sample in result.samples] == names
        assert [output.sample_id for output in result.outputs] == names
        assert [answer.sample_id for answer in result.answers] == names
        assert bundle.read_run(folder).counts.total == SAMPLES


@pytest.mark.parametrize(("status", "what"), [(404, "failed (1% may)"), (500, "failed (1% may)")])
def test_a_hopeless_server_is_not_asked_to_the_end(
    project: Project, stub: Stub, status: int, what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.refused = lambda text: status
    assert project.gate() == 4
    said = capfd.readouterr().err
    assert f"2 of {SAMPLES} requests of the task 'sort' {what}, so the rest was not asked" in said
    assert f"The reply: HTTP {status}" in said
    assert len({text for text in stub.chat_texts}) < 10
    assert not any(map(bundle.is_finished, project.bundles))


def test_a_page_in_the_place_of_an_answer_is_not_asked_for_again(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.refused = lambda text: 200  # the stub's error has no choices; the gateway's page is in test_http
    assert project.gate() == 4
    assert "the reply is an error: told to fail" in capfd.readouterr().err
    assert len(stub.chat_texts) < 10


def test_what_the_server_refuses_for_good_is_the_models_failure(project: Project, stub: Stub) -> None:
    stub.refused = lambda text: 422 if text.startswith("message 7 ") else None
    assert project.gate() == 0
    counts = {bundle.read_run(folder).model.role: bundle.read_run(folder).counts for folder in project.bundles}
    assert {(c.scored, c.model_failed, c.not_evaluated) for c in counts.values()} == {(SAMPLES - 1, 1, 0)}
    (folder, _) = project.bundles
    (result,) = bundle.read_results(folder)
    reasons = [answer.reason for answer in result.answers if answer.reason]
    assert [reason.startswith("the server refused it for good: HTTP 422") for reason in reasons] == [True]


def test_more_refusals_than_the_policy_allows_judge_nothing(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.refused = lambda text: 422 if text.startswith("message 1") else None
    assert project.gate() == 4
    assert "were refused for good (5% may)" in capfd.readouterr().err
    project.release["policy"]["max_refused"] = 0.1
    stub.refused = lambda text: 422 if text.startswith("message 11") else None
    project.write()
    assert project.gate() == 0


def test_only_failed_requests_are_asked_again(project: Project, stub: Stub, undisturbed: dict[str, Any]) -> None:
    fails = iter([404, 404])
    stub.refused = lambda text: next(fails, None) if text.startswith(("message 70 ", "message 71 ")) else None
    assert project.gate() == 4
    kept = len(bundle.Journal(project.bundles[0], only_held=True).done)
    assert kept >= 60, "what was answered before is kept where it is proven"
    before = stub.answered
    assert project.call("run", "-q") == 0
    assert stub.answered - before == 2 * SAMPLES - kept
    assert content(project) == undisturbed


def test_a_loss_that_is_allowed_counts_against_the_candidate(project: Project, stub: Stub) -> None:
    stub.refused = lambda text: 404 if text.startswith("message 7 ") else None
    assert project.gate() == 0
    counts = {bundle.read_run(folder).model.role: bundle.read_run(folder).counts for folder in project.bundles}
    assert {(c.scored, c.model_failed, c.not_evaluated) for c in counts.values()} == {(SAMPLES - 1, 0, 1)}
    accuracy = project.record["results"][0]["finding"]["evidence"]["value"]
    assert accuracy == pytest.approx((SAMPLES - 1) / SAMPLES)


def test_run_judges_nothing_and_says_how_samples_ended(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.answer = lambda text, adapter: "nonsense" if adapter else "other"
    assert project.call("run", "-q") == 0
    said = capfd.readouterr().out
    assert f"scored 0, model failed {SAMPLES}, not evaluated 0" in said
    assert f"scored {SAMPLES}, model failed 0, not evaluated 0" in said
    assert not project.state.reports("r").exists()


def test_status_lists_runs_decisions_versions_and_what_was_interrupted(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    assert project.call("status") == 0
    assert capfd.readouterr().out.split() == ["runs", "(0)", "decisions", "(0)", "versions", "(0)"]
    stub.dies_after = 10
    project.gate()
    assert project.call("status") == 0
    assert "runs (0, 1 interrupted)" in capfd.readouterr().out
    stub.dies_after = None
    project.gate()
    project.call("promote", "--to", "staging")
    capfd.readouterr()
    assert project.call("status") == 0
    said = capfd.readouterr().out
    assert "runs (2)" in said
    assert said.count(f"scored {SAMPLES}, model failed 0, not evaluated 0") == 2
    assert f"{project.record['id'][:12]}  PASS" in said
    assert "v1    staging" in said
