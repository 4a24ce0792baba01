"""`harness gate` from release.yaml to the exit code, against a server that is told what to answer."""

from __future__ import annotations

import duckdb
import pytest

from harness.client.proof import PROVEN
from harness.store import bundle
from tests.pipeline.release_project import Project, rows, write_rows
from tests.tgi_stub import Stub
from tests.weights import base_file


def wrong(text: str, adapter: str | None) -> str:
    return "other" if not text.endswith("other") else "billing"


def test_a_better_adapter_passes(project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]) -> None:
    assert project.call("gate") == 0
    said = capfd.readouterr().out
    assert "PASS" in said
    assert "all 2 gates that must pass do" in said
    record = project.record
    assert record["verdict"] == "PASS"
    assert record["id"][:12] in said
    assert project.state.decision(record["id"]).is_file()
    page = (project.state.reports("r") / f"{record['id'][:12]}.html").read_text(encoding="utf-8")
    assert "PASS" in page
    assert {bundle.read_run(folder).adapter_proof for folder in project.bundles} == {PROVEN, "the base model itself"}


def test_a_gate_that_can_hardly_fail_is_warned_of_beside_its_verdict(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    project.release["gates"] = [{"metric": "queue.accuracy", "at_least": 0.001}]
    project.write()
    assert project.gate() == 0
    said = capfd.readouterr().err
    assert "queue.accuracy:at_least can hardly fail: a model that always answers 'billing' reaches 33.3 %." in said


def test_each_model_is_asked_each_sample_once_by_its_own_name(project: Project, stub: Stub) -> None:
    project.gate()
    asked = [(body["model"], body["messages"][-1]["content"]) for body in stub.posts("/v1/chat/completions")]
    texts = {row["text"] for row in rows(60)}
    assert sorted(asked) == sorted((model, text) for model in ("tuned", "tgi") for text in texts)
    turns = {body["model"]: len(body["messages"]) for body in stub.posts("/v1/chat/completions")}
    assert turns == {"tuned": 1, "tgi": 5}, "only the baseline is shown its two examples"


def test_a_worse_adapter_fails(project: Project, stub: Stub) -> None:
    stub.answer = wrong
    assert project.gate() == 1
    assert project.record["verdict"] == "FAIL"


def test_an_adapter_no_better_than_its_base_does_not_pass(project: Project, stub: Stub) -> None:
    stub.answer = lambda text, adapter: text.rsplit(" ", 1)[-1]
    assert project.gate() in (1, 3)
    assert project.record["results"][0]["verdict"] == "PASS"
    assert project.record["results"][1]["verdict"] != "PASS"


@pytest.mark.parametrize("count", [1, 3, 29])
def test_few_samples_never_pass(project: Project, stub: Stub, count: int) -> None:
    write_rows(project.root / "data/test.jsonl", rows(count))
    assert project.gate() == 3
    assert project.record["verdict"] == "INCONCLUSIVE"


def test_no_samples_are_a_problem_of_the_data(project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]) -> None:
    write_rows(project.root / "data/test.jsonl", [])
    assert project.gate() == 2
    assert "data/test.jsonl: is empty" in capfd.readouterr().err
    assert stub.asked == []


@pytest.mark.parametrize("text", ["", "  \n", "I would say billing or shipping", "NaN"])
def test_a_model_that_gives_no_label_fails(project: Project, stub: Stub, text: str) -> None:
    stub.answer = lambda asked, adapter: text if adapter else asked.rsplit(" ", 1)[-1]
    assert project.gate() == 1
    assert bundle.read_run(project.bundles[0]).counts.total == 60


def test_answers_that_are_cut_fail(project: Project, stub: Stub) -> None:
    stub.finish_reason = "length"
    assert project.gate() == 1


def test_a_second_gate_asks_nothing_and_decides_the_same(project: Project, stub: Stub) -> None:
    project.gate()
    files = [path for path in project.root.rglob("*.json*") if path.is_file() and path != project.state.attempts]
    first, kept = project.record, {path: path.read_bytes() for path in files}
    asked = len(stub.posts("/v1/chat/completions"))
    assert project.gate() == 0
    assert len(stub.posts("/v1/chat/completions")) == asked
    assert project.record == first
    assert {path: path.read_bytes() for path in kept} == kept


def test_the_base_in_the_adapters_place_is_told_and_nothing_is_judged(
    project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.adapter_shift = 0.0
    assert project.gate() == 4
    assert "exactly as the base model does" in capfd.readouterr().err
    assert not project.state.reports("r").exists()
    assert stub.posts("/v1/chat/completions") == []


def test_a_misspelt_adapter_is_the_base(project: Project, stub: Stub) -> None:
    project.release["serve"]["remote"]["adapter_id"] = "tuend"
    project.write()
    assert project.gate() == 4


@pytest.mark.parametrize("why", ["no prefill", "no name", "noise"])
def test_what_is_not_proven_does_not_pass_unless_that_is_accepted(
    project: Project, stub: Stub, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.pipeline.running.vouch.record_of", lambda *_: "the base model is too large for it")
    stub.answer = lambda text, adapter: text.rsplit(" ", 1)[-1]
    project.release["gates"] = project.release["gates"][:1]
    if why == "no prefill":
        stub.prefill = False
    elif why == "noise":
        stub.adapter_shift, stub.noise = 0.0, 0.01
    else:
        del project.release["serve"]["remote"]["adapter_id"]
    project.write()
    if why == "noise":  # numbers that change from request to request prove nothing, and deny what was proven before
        assert project.gate() == 4
        return
    assert project.gate() == 3
    assert any("not proven" in note for note in project.record["notes"])
    project.release["serve"]["unproven"] = "accept"
    project.write()
    assert project.gate() == 0
    assert any("not proven" in note for note in project.record["notes"])


def test_what_is_not_proven_may_still_fail(project: Project, stub: Stub) -> None:
    stub.prefill, stub.answer = False, wrong
    assert project.gate() == 1


def test_the_key_stands_nowhere(
    project: Project, stub: Stub, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.key = "very-secret-key"
    project.release["serve"]["remote"]["key_env"] = "STUB_KEY"
    project.write()
    monkeypatch.setenv("STUB_KEY", "wrong-secret-key")
    assert project.gate() == 4
    monkeypatch.setenv("STUB_KEY", "very-secret-key")
    stub.refused = lambda text: 404 if " 7 " in text else None
    stub.error_text = "Authorization: Bearer very-secret-key"
    assert project.gate() == 4
    stub.refused = lambda text: None
    assert project.call("gate") == 0
    said = capfd.readouterr()
    assert "secret-key" not in said.out + said.err
    assert "refuses the key" in said.err
    written = [path for path in project.root.rglob("*") if path.is_file() and b"secret-key" in path.read_bytes()]
    assert written == []


def changed_adapter(project: Project) -> None:
    project.weights.write_bytes(project.weights.read_bytes() + b"!")


def changed_settings(project: Project) -> None:
    (project.root / "adapter/adapter_config.json").write_text('{"r": 8, "lora_alpha": 99}')


def changed_data(project: Project) -> None:
    write_rows(project.root / "data/test.jsonl", rows(61))


def changed_prompt(project: Project) -> None:
    project.suite["tasks"]["sort"]["prompt"]["user"] = "Sort: {{ text }}"


def changed_generation(project: Project) -> None:
    project.suite["tasks"]["sort"]["generation"]["max_new_tokens"] = 9


def changed_base(project: Project) -> None:
    (project.root / "base/model.safetensors").write_bytes(base_file("another"))


def changed_shots(project: Project) -> None:
    project.release["baselines"]["base"]["few_shot"] = 3


def changed_server(project: Project) -> None:
    project.release["serve"]["remote"]["adapter_id"] = "tuned-2"


def changed_gate(project: Project) -> None:
    project.release["gates"][0]["at_least"] = 0.5


def changed_comment(project: Project) -> None:
    project.suite["description"] = "other words"


BOTH = {"candidate", "base"}


@pytest.mark.parametrize(
    ("change", "stale"),
    [
        (changed_adapter, {"candidate"}), (changed_settings, {"candidate"}), (changed_data, BOTH),
        (changed_prompt, BOTH), (changed_generation, BOTH), (changed_base, BOTH), (changed_shots, {"base"}),
        (changed_server, BOTH), (changed_gate, set()), (changed_comment, set()),
    ],
)  # fmt: skip
def test_a_change_makes_exactly_the_right_runs_stale(project: Project, change: object, stale: set[str]) -> None:
    before = project.plan()
    change(project)  # type: ignore[operator]
    project.write()
    after = project.plan()
    assert {role for role in before if before[role] != after[role]} == stale


def test_where_the_base_lay_when_it_was_trained_does_not_count(project: Project) -> None:
    before = project.plan()
    path = project.root / "adapter/adapter_config.json"
    path.write_text(path.read_text().replace("/some/where", "/else/where"))
    assert project.plan() == before


def test_a_server_with_another_model_makes_all_runs_stale(project: Project, stub: Stub) -> None:
    before = project.plan()
    stub.info["model_sha"] = "other"
    assert not set(before.values()) & set(project.plan().values())


def test_a_new_adapter_is_asked_and_its_base_is_not(project: Project, stub: Stub) -> None:
    project.gate()
    asked = len(stub.chat_texts)
    changed_adapter(project)
    assert project.gate() == 0
    again = stub.posts("/v1/chat/completions")[asked:]
    assert len(again) == 60
    assert {body["model"] for body in again} == {"tuned"}


def test_two_baselines_that_ask_the_same_are_asked_once(project: Project, stub: Stub) -> None:
    project.release["baselines"]["twin"] = {"few_shot": 2}
    project.write()
    assert project.gate() == 0
    assert len(stub.chat_texts) == 120
    assert len(project.bundles) == 2


def test_an_edited_bundle_is_refused(project: Project, stub: Stub, capfd: pytest.CaptureFixture[str]) -> None:
    stub.answer = wrong
    project.gate()
    for folder in project.bundles:
        scores, better = folder / "scores.parquet", folder / "better"
        with duckdb.connect() as connection:
            query = f"SELECT * REPLACE (1.0 AS value) FROM read_parquet('{scores}')"
            connection.execute(f"COPY ({query}) TO '{better}' (FORMAT parquet)")
        better.replace(scores)
    for rebuilt in (False, True):
        if rebuilt:
            project.state.store.unlink()
        assert project.gate() == 4
        assert "was changed after its run: scores.parquet" in capfd.readouterr().err


def test_of_two_gates_at_once_one_is_told(project: Project, stub: Stub) -> None:
    project.release["serve"]["unproven"] = "accept"  # nothing stands in for the record in another process
    project.write()
    stub.delay = 600.0
    first = project.start("gate", "-q")
    assert stub.chatting.wait(90)
    second = project.start("gate", "-q")
    assert f"another harness (process {first.pid}) is at work" in second.communicate(timeout=90)[1]
    assert second.returncode == 4
    stub.delay = 0.0
    assert first.communicate(timeout=60)[1] == ""
    assert first.returncode == 0


def test_no_report_is_written_where_none_is_asked_for(project: Project, stub: Stub) -> None:
    assert project.call("gate", "-q", "--no-report") == 0
    assert list(project.root.rglob("*.html")) == []
    assert project.record["verdict"] == "PASS"


def test_answers_that_no_class_fits_are_wrong_and_no_bug(project: Project, stub: Stub) -> None:
    project.release["gates"] = [{"metric": "queue.macro_f1", "against": "base", "improves": True}]
    project.write()
    stub.answer = lambda text, adapter: text.rsplit(" ", 1)[-1] if adapter else "no such label"
    assert project.gate() == 3  # 60 samples are too few for macro-F1
    evidence = project.record["results"][0]["finding"]["evidence"]
    assert (evidence["candidate"], evidence["baseline"]) == (1.0, 0.0)
