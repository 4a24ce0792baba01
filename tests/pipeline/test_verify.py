"""`harness verify`: a record that is as it was written and follows from its runs passes; all else is named."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from jsonschema import Draft202012Validator

from harness.core.ids import digest_json
from harness.pipeline.judge import decision_id
from harness.report.record import from_json
from harness.store.migrations import STEPS
from tests.pipeline.release_project import Project, make_project
from tests.store.keys import PRIVATE, PUBLIC, write_pair
from tests.tgi_stub import Stub, running

SCHEMA = Path(__file__).parents[2] / "docs/schema/decision.schema.json"


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with a signed PASS."""
    with running(Stub()) as stub:
        project = make_project(tmp_path_factory.mktemp("gated"), stub.url)
        write_pair(project.root)
        assert project.call("gate", "-q", "--no-report", "--sign", str(project.root / PRIVATE)) == 0
        yield project


@pytest.fixture
def own(gated: Project, tmp_path: Path) -> Project:
    """A copy of it to change."""
    shutil.copytree(gated.root, tmp_path, dirs_exist_ok=True)
    return Project(tmp_path, copy.deepcopy(gated.release))


Said = Callable[..., tuple[int, str]]


@pytest.fixture
def said(own: Project, capfd: pytest.CaptureFixture[str]) -> Said:
    """`harness verify` on the newest record: exit code and everything printed."""

    def call(*words: str) -> tuple[int, str]:
        capfd.readouterr()
        code = own.call("verify", str(record_file(own)), *words)
        return code, "".join(capfd.readouterr())

    return call


def record_file(project: Project) -> Path:
    return project.state.reports("r") / "decision.json"


def edit(project: Project, change: Callable[[dict[str, Any]], object], seal: bool = False) -> None:
    """Change the record; with `seal` give it the id that follows from what it then says."""
    record = project.record
    change(record)
    if seal:
        old, record["id"] = record["id"], decision_id(from_json(record))
        shutil.copy(project.state.declaration(old), project.state.declaration(record["id"]))
    record_file(project).write_text(json.dumps(record))


def to_fail(record: dict[str, Any]) -> None:
    record["results"][0]["verdict"] = "FAIL"


def test_a_record_follows_from_the_store(own: Project, said: Said) -> None:
    assert said() == (0, f"decision {own.record['id'][:12]} of r, PASS: it is as it was written, "
                         "follows from its 2 runs.\n")  # fmt: skip


def test_a_record_follows_from_bundles_alone(own: Project, said: Said, tmp_path: Path) -> None:
    elsewhere = tmp_path / "bundles"
    (own.state.state / "runs").rename(elsewhere)
    shutil.rmtree(own.state.state)
    code, text = said("--bundles", str(elsewhere))
    assert (code, "follows from its 2 runs" in text) == (0, True), text
    assert not own.state.state.exists(), "nothing is written into the project"


def test_the_adapter_need_not_be_there(own: Project, said: Said) -> None:
    shutil.rmtree(own.root / "adapter")
    assert said()[0] == 0


def test_real_records_fit_the_published_schema(own: Project) -> None:
    check = Draft202012Validator(json.loads(SCHEMA.read_text()))
    check.validate(own.record)
    older = {key: value for key, value in own.record.items() if key not in ("waivers", "attempts", "looks")}
    check.validate(older)
    assert not check.is_valid({**own.record, "more": 1})
    assert not check.is_valid({**own.record, "verdict": "MAYBE"})


def test_the_record_names_what_it_rests_on(own: Project) -> None:
    digests = own.record["digests"]
    assert digests["adapter"] == own.record["candidate"]["adapter_digest"]
    assert digests["base"] == own.record["candidate"]["base_digest"]
    for name in ("release", "policy", "harness", "suite queue", "data queue.sort", "prompts queue.sort",
                 "metric accuracy"):  # fmt: skip
        assert digests[name]


def test_an_edited_record_is_named(own: Project, said: Said) -> None:
    edit(own, to_fail)
    code, text = said()
    assert code == 2
    assert "its id no longer fits what it says" in text
    assert "gate queue.accuracy:at_least: verdict: FAIL here, PASS from the stored runs" in text


def test_a_record_that_was_edited_with_its_id_is_named_by_field(own: Project, said: Said) -> None:
    def change(record: dict[str, Any]) -> None:
        to_fail(record)
        record["results"][0]["finding"]["evidence"]["low"] = 0.123
        record["notes"] = ["all is well"]

    edit(own, change, seal=True)
    code, text = said()
    assert code == 2
    assert "its id no longer fits" not in text
    assert "gate queue.accuracy:at_least: verdict: FAIL here, PASS from the stored runs." in text
    assert "gate queue.accuracy:at_least: low: 0.123 here, 0." in text
    assert 'notes: ["all is well"] here, [' in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda record: record.update(decided="2020-01-01T00:00:00+00:00"),
            "decided: 2020-01-01T00:00:00+00:00 here, ",
        ),
        (lambda record: record["results"][0]["gate"]["place"].update(line=99), "gate.place.line: 99 here, "),
    ],
)
def test_what_the_id_does_not_cover_is_held_against_the_store(
    own: Project, said: Said, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    edit(own, change)
    code, text = said()
    assert code == 2
    assert message.replace("gate.place", "place") in text
    assert "in the store" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "is no decision's record"),
        ("{}", "'verdict' is a required property"),
    ],
)
def test_what_is_no_record_is_told(own: Project, said: Said, text: str, message: str) -> None:
    record_file(own).write_text(text)
    assert (said()[0], message in said()[1]) == (2, True)
    record_file(own).unlink()
    assert "cannot be read" in said()[1]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("unknown", 1),
        ("verdict", "MAYBE"),
        ("digests", {"a": 1}),
        ("decided", "soon"),
        ("runs", {}),
        ("runs", {"candidate": {"queue": "../../elsewhere"}}),
        ("id", "../x"),
    ],
)
def test_a_record_against_the_schema_is_told(own: Project, said: Said, key: str, value: object) -> None:
    edit(own, lambda record: record.update({key: value}))
    code, text = said()
    assert code == 2
    assert "is no decision's record" in text


def test_evidence_that_is_gone_is_named(own: Project, said: Said) -> None:
    run = own.record["runs"]["candidate"]["queue"]
    shutil.rmtree(own.state.run(run))
    code, text = said()
    assert code == 2
    assert f"the evidence is gone: there is no bundle of queue against the candidate, {run[:12]}" in text
    assert said("--bundles", str(own.state.state / "runs"))[0] == 2


def test_a_run_that_is_in_no_store_is_named(own: Project, said: Said) -> None:
    run = own.record["runs"]["base"]["queue"]
    with duckdb.connect(str(own.state.store)) as connection:
        connection.execute("DELETE FROM runs WHERE id = ?", [run])
    code, text = said()
    assert code == 2
    assert f"the run of queue against the base, {run[:12]}, is not in the store" in text
    own.state.store.unlink()
    assert "harness store rebuild" in said()[1]


@pytest.mark.parametrize("where", ["store", "bundles"])
def test_an_edited_bundle_is_named(own: Project, said: Said, where: str) -> None:
    path = own.state.run(own.record["runs"]["candidate"]["queue"]) / "answers.jsonl"
    path.write_text(path.read_text().replace("billing", "shipping", 1))
    code, text = said(*(["--bundles", str(path.parents[1])] if where == "bundles" else []))
    assert code == 2
    assert "was changed after its run: answers.jsonl" in text


def test_a_bundle_in_the_place_of_another_is_named(own: Project, said: Said) -> None:
    ours, theirs = (own.state.run(own.record["runs"][role]["queue"]) for role in ("candidate", "base"))
    shutil.rmtree(ours)
    shutil.copytree(theirs, ours)
    code, text = said()
    assert code == 2
    assert "not of queue against the candidate" in text


def test_ids_that_begin_alike_are_told_apart(own: Project, said: Said) -> None:
    run = own.record["runs"]["candidate"]["queue"]
    edit(own, lambda record: record["runs"]["base"].update(queue=run[:16] + "0" * 48))
    code, text = said("--bundles", str(own.state.state / "runs"))
    assert code == 2
    assert "not of queue against the base" in text


def test_an_edited_store_is_named(own: Project, said: Said) -> None:
    run = own.record["runs"]["candidate"]["queue"]
    with duckdb.connect(str(own.state.store)) as connection:
        connection.execute("UPDATE scores SET value = 1 - value WHERE run = ?", [run])
    code, text = said()
    assert code == 2
    assert "its scores differ from the store's" in text


def test_other_rules_today_do_not_matter_where_the_old_ones_were_kept(own: Project, said: Said) -> None:
    own.release["gates"][0]["at_least"] = 0.7
    own.write()
    assert said()[0] == 0
    own.state.declaration(own.record["id"]).unlink()
    code, text = said()
    assert code == 2
    assert "release.yaml is another than when it was decided" in text
    assert "the policy is another than when it was decided" in text
    assert "verdict" not in text


def test_a_record_cannot_bring_waivers_that_nobody_gave(
    own: Project, said: Said, tmp_path_factory: pytest.TempPathFactory
) -> None:
    own.release["gates"][0]["at_least"] = 0.99
    own.write()
    waived = Project(tmp_path_factory.mktemp("waived"), own.release)
    shutil.copytree(own.root, waived.root, dirs_exist_ok=True)
    waiver = {"gate": "queue.accuracy:at_least", "owner": "Ana", "reason": "few rows", "largest_drop": 0.1,
              "expires": "2999-12-31"}  # fmt: skip
    (waived.root / "waivers.yaml").write_text(json.dumps({"version": 1, "waivers": [waiver]}))
    assert waived.gate() == 0
    record = str(record_file(waived))
    (waived.root / "waivers.yaml").unlink()
    assert waived.call("verify", record) == 0, "what was in force then is kept with the decision"
    shutil.copy(record, record_file(own))
    for words in ([], ["--bundles", str(own.state.state / "runs")]):
        code, text = said(*words)
        assert code == 2
        assert "waivers.yaml was there when it was decided, and is not now" in text


@pytest.mark.parametrize("where", ["store", "bundles"])
def test_a_decision_at_an_early_look_is_judged_as_such(own: Project, said: Said, where: str) -> None:
    own.release["policy"]["looks"] = 2
    own.release["gates"][0]["at_least"] = 0.5
    del own.release["gates"][1]
    own.write()
    assert own.gate() == 0
    assert own.record["looks"] == [1, 2]
    words = ["--bundles", str(own.state.state / "runs")] if where == "bundles" else []
    code, text = said(*words)
    assert (code, "follows from its" in text) == (0, True), text
    edit(own, lambda record: record.update(looks=[2, 2]), seal=True)
    code, text = said(*words)
    assert code == 2
    assert "another version of the suite" in text


def test_a_suite_that_changed_is_named(own: Project, said: Said) -> None:
    own.suite["tasks"]["sort"]["prompt"]["user"] = "Sort: {{ text }}"
    own.write()
    code, text = said()
    assert code == 2
    assert "the suite queue is another than when it was decided" in text
    assert "policy" not in text


def test_metric_code_that_changed_is_named(own: Project, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.pipeline.provenance.metric_code", lambda plug: digest_json(["other", plug]))
    code, text = said()
    assert code == 2
    assert "digests.metric accuracy: " in text
    assert own.call("promote", "--to", "dev") == 2


def test_a_store_of_an_older_harness_is_migrated(own: Project, said: Said) -> None:
    with duckdb.connect(str(own.state.store)) as connection:
        connection.execute("DELETE FROM migrations WHERE step > 1")
        connection.execute("DROP TABLE attempts")
        dropped = {"samples": ["origin"], "outputs": ["repeat", "attempts", "cached", "position"],
                   "answers": ["repeat", "position"], "scores": ["repeat", "position"]}  # fmt: skip
        for table, column in ((table, column) for table, columns in dropped.items() for column in columns):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    code, text = said()
    assert (code, "follows from its 2 runs" in text) == (0, True), text
    with duckdb.connect(str(own.state.store), read_only=True) as connection:
        assert connection.execute("SELECT max(step) FROM migrations").fetchone() == (len(STEPS),)


def test_a_store_of_a_newer_harness_is_refused(own: Project, said: Said) -> None:
    with duckdb.connect(str(own.state.store)) as connection:
        connection.execute("INSERT INTO migrations VALUES (?, current_timestamp)", [len(STEPS) + 1])
    code, text = said()
    assert code == 2
    assert "written by a newer harness" in text


def test_a_signed_record_is_checked_with_the_key(own: Project, said: Said) -> None:
    code, text = said("--key", str(own.root / PUBLIC))
    assert (code, "is signed with this key" in text) == (0, True), text
    envelope = json.loads((record_file(own).with_name("decision.intoto.json")).read_text())
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert PRIVATE not in json.dumps(envelope)


def test_the_signature_that_the_project_keeps_will_do(own: Project, said: Said) -> None:
    record_file(own).with_name("decision.intoto.json").write_text("{}")
    assert said("--key", str(own.root / PUBLIC))[0] == 0
    own.state.signature(own.record["id"]).unlink()
    assert said("--key", str(own.root / PUBLIC))[0] == 2


def test_another_key_is_refused(own: Project, said: Said) -> None:
    write_pair(own.root)
    code, text = said("--key", str(own.root / PUBLIC))
    assert code == 2
    assert "is not signed with this key" in text


def test_a_signature_does_not_cover_an_edited_record(own: Project, said: Said) -> None:
    edit(own, lambda record: record.update(decided="2020-01-01T00:00:00+00:00"))
    own.state.store.unlink()
    code, text = said("--key", str(own.root / PUBLIC), "--bundles", str(own.state.state / "runs"))
    assert code == 2
    assert "is the signature of another record" in text


def test_promotion_asks_for_the_signature_where_a_key_is_given(own: Project, capfd: pytest.CaptureFixture[str]) -> None:
    key = str(own.root / PUBLIC)
    assert own.call("promote", "--to", "dev", "--key", key) == 0
    signed = own.state.signature(own.record["id"])
    text = signed.read_text()
    signed.write_text(text.replace('"payload": "ey', '"payload": "eY'))
    assert own.call("promote", "--to", "dev", "--key", key) == 2
    assert "was edited after it was signed" in capfd.readouterr().err
    signed.unlink()
    assert own.call("promote", "--to", "dev", "--key", key) == 2
    assert "so the decision is not signed" in capfd.readouterr().err
    assert own.call("promote", "--to", "dev") == 0


def test_a_wrong_key_is_told_before_anything_runs(own: Project, capfd: pytest.CaptureFixture[str]) -> None:
    assert own.call("gate", "-q", "--sign", str(own.root / PUBLIC)) == 2
    assert "holds no private key" in capfd.readouterr().err


def test_a_key_that_others_can_read_is_warned_of(own: Project, capfd: pytest.CaptureFixture[str]) -> None:
    key = own.root / PRIVATE
    key.chmod(0o644)
    assert own.call("gate", "-q", "--no-report", "--sign", str(key)) == 0
    assert "others on this machine can read this private key" in capfd.readouterr().err
    key.chmod(0o600)
    assert own.call("gate", "-q", "--no-report", "--sign", str(key)) == 0
    assert "others on this machine" not in capfd.readouterr().err
