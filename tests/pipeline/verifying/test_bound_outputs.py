"""A decision names the manifests of its runs, and so the outputs; a signature binds them."""

from __future__ import annotations

import json
import shutil

from harness.cli.main import main
from harness.pipeline.judging.judge import decision_id
from harness.report.record import from_json
from harness.store.manifest import manifest_digest, read_manifest
from tests.pipeline.release_project import Project
from tests.pipeline.verifying.records import Said, record_file
from tests.store.keys import PRIVATE, PUBLIC
from tests.tgi_stub import Stub, running


def test_the_manifest_of_each_run_is_in_the_record(own: Project) -> None:
    record = own.record
    for role in ("candidate", "base"):
        manifest = read_manifest(own.state.run(record["runs"][role]["queue"]))
        assert record["digests"][f"run {role} queue"] == manifest_digest(manifest) == manifest["digest"]


def test_other_outputs_of_the_same_runs_are_another_decision(own: Project, said: Said) -> None:
    """Runs are told by what was asked: the same questions, answered otherwise, have the same ids."""
    with running(Stub(answer=lambda text, adapter: text.rsplit(" ", 1)[-1] if adapter else "shipping")) as other:
        signed = (record_file(own).read_bytes(), record_file(own).with_name("decision.intoto.json").read_bytes())
        first = own.record
        shutil.rmtree(own.state.state / "runs")
        own.state.store.unlink()
        serve = own.release["serve"]["remote"]
        old, serve["url"] = serve["url"], other.url
        own.write()
        assert own.gate() == 0
        assert own.record["id"] != first["id"]
        serve["url"] = old
    for name, data in zip(("decision.json", "decision.intoto.json"), signed, strict=True):
        record_file(own).with_name(name).write_bytes(data)
    own.write()
    code, text = said("--key", str(own.root / PUBLIC))
    assert code == 2, text


def test_texts_that_were_changed_with_their_manifest_are_named(own: Project, said: Said) -> None:
    folder = own.state.run(own.record["runs"]["base"]["queue"])
    manifest = read_manifest(folder)
    manifest["run"]["started"] = "2020-01-01T00:00:00+00:00"
    manifest["digest"] = manifest_digest(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert main(["store", "rebuild", "-f", str(own.file)]) == 0
    code, text = said("--key", str(own.root / PUBLIC))
    assert code == 2
    assert "digests.run base queue" in text


def test_a_record_of_an_earlier_harness_is_verified_as_it_was(own: Project, said: Said) -> None:
    record = own.record
    record["digests"] = {name: one for name, one in record["digests"].items() if not name.startswith("run ")}
    record["notes"] = [one for one in record["notes"] if "max_age" not in one]
    del record["endings"], record["asked"]
    old, record["id"] = record["id"], ""
    record["id"] = decision_id(from_json(record))
    shutil.copy(own.state.declaration(old), own.state.declaration(record["id"]))
    record_file(own).write_text(json.dumps(record))
    code, text = said()
    assert (code, "follows from its 2 runs" in text) == (0, True), text


def test_a_signature_of_another_decision_does_not_stay_beside_one(own: Project) -> None:
    beside = record_file(own).with_name("decision.intoto.json")
    assert own.gate() == 0
    assert beside.is_file(), "the same decision is still signed"
    own.release["gates"] = own.release["gates"][:1]
    own.write()
    assert own.gate() == 0
    assert not beside.exists()
    assert own.call("gate", "-q", "--no-report", "--sign", str(own.root / PRIVATE)) == 0
    assert own.call("verify", str(record_file(own)), "--key", str(own.root / PUBLIC)) == 0
