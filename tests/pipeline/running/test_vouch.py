"""Whose record an adapter is held against: its own training's, and no other's."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest

from harness.core.fingerprints import Fingerprint, ScoredPrompt
from harness.core.ids import digest_file
from harness.pipeline.running.local_fingerprint import local_fingerprint
from harness.pipeline.running.runs import do_runs, plan_runs
from harness.pipeline.running.vouch import fingerprint_of, record_of
from harness.pipeline.training.make import candidate
from harness.pipeline.validate import validate
from harness.pipeline.workspace import Workspace
from harness.servers.interface import Adapter
from tests.pipeline.release_project import Project
from tests.tgi_stub import Stub, words
from tests.tiny import make_tiny_adapter, make_tiny_model
from tests.weights import adapter_file, base_file

RECORD = Fingerprint("float32", (ScoredPrompt("a b", (1, 2), (-1.0,), (-2.0,)),), None)


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    write_manifest(folder, RECORD.as_json(), digest_file(folder / "adapter_model.safetensors"))
    return folder


def write_manifest(adapter: Path, fingerprint: object, digest: str) -> None:
    record = {"adapter": digest, "fingerprint": fingerprint}
    (adapter.parent / "manifest.json").write_text(json.dumps(record), encoding="utf-8")


def test_the_record_of_its_own_training(adapter: Path) -> None:
    assert fingerprint_of(adapter) == RECORD


def test_the_record_of_other_weights_is_none(adapter: Path) -> None:
    (adapter / "adapter_model.safetensors").write_bytes(b"other weights")
    assert fingerprint_of(adapter) is None


@pytest.mark.parametrize("fingerprint", [None, {}, {"dtype": "float32", "prompts": [], "chat": None}, "x"])
def test_what_is_no_record_is_none(adapter: Path, fingerprint: object) -> None:
    write_manifest(adapter, fingerprint, digest_file(adapter / "adapter_model.safetensors"))
    assert fingerprint_of(adapter) is None


@pytest.fixture(autouse=True)
def computed_here_for_real(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing stands in for what is computed from the files here."""
    monkeypatch.setattr("harness.pipeline.running.vouch.record_of", record_of)


def test_a_given_adapter_that_nothing_ties_to_its_files_is_not_proven(project: Project) -> None:
    assert project.gate() == 3
    (reason,) = {result["finding"]["reason"] for result in project.record["results"]}
    assert reason == (
        "adapter not proven: nothing ties the server's answers to the adapter's files, since the base model's "
        "config.json names no model_type, so it can't be loaded here"
    )
    project.release["serve"]["unproven"] = "accept"
    project.write()
    assert project.gate() == 0


def says(text: str, shift: float) -> ScoredPrompt:
    """A prompt as the stub scores it, with an adapter so many nats from the base."""
    ids = tuple(zlib.crc32(word.encode()) for word in words(text))
    base = tuple(-0.1 * (number % 50) for number in ids[1:])
    return ScoredPrompt(text, ids, base, tuple(value - shift for value in base))


def test_another_adapter_in_the_folder_than_the_one_served_is_no_pass(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder is swapped and the server left as it is: what the new files say here is not what the server says."""
    says_here = {project.weights.read_bytes(): 0.5, adapter_file("another"): 0.9}

    def compute(workspace: object, base: Path, digest: str, adapter: Adapter, watch: object) -> Fingerprint:
        shift = says_here[(adapter.folder / "adapter_model.safetensors").read_bytes()]
        return Fingerprint("float32", (says("the cat sat on the mat", shift),), None)

    monkeypatch.setattr("harness.pipeline.running.vouch.local_fingerprint", compute)
    assert project.gate() == 0
    project.weights.write_bytes(adapter_file("another"))
    assert project.gate() == 4
    assert "for the adapter 'tuned' differ from the record's by 0.4 nats a token" in capsys.readouterr().err


def test_two_adapters_with_the_same_outputs_are_named(project: Project) -> None:
    project.release["serve"]["unproven"] = "accept"
    project.write()
    assert project.gate() == 0
    first = project.record["candidate"]["adapter_digest"]
    assert not any("gave the same output" in note for note in project.record["notes"])
    project.weights.write_bytes(adapter_file("another"))
    assert project.gate() == 0
    (note,) = [note for note in project.record["notes"] if "gave the same output" in note]
    assert f"the adapter {first[:12]} gave the same output on every sample of queue" in note


def test_why_answers_are_not_kept_for_later_runs_is_said(project: Project) -> None:
    said: list[str] = []
    release = validate(project.file)
    found = candidate(release, lambda _: None)
    do_runs(release, found, plan_runs(release, found), lambda event: said.append(event.text))
    assert any("the candidate's answers are not kept for later runs: not proven" in text for text in said)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
def test_what_base_and_adapter_say_is_computed_here_once(tmp_path: Path) -> None:
    base, workspace = make_tiny_model(tmp_path / "base"), Workspace(tmp_path)
    folders = {name: make_tiny_adapter(base, tmp_path / name, seed) for name, seed in (("a", 1), ("b", 2))}
    found = {
        name: local_fingerprint(workspace, base, "base", Adapter(name, name, folder), lambda _: None)
        for name, folder in folders.items()
    }
    one, other = found["a"], found["b"]
    assert isinstance(one, Fingerprint)
    assert isinstance(other, Fingerprint)
    assert one.dtype == "float32"
    assert one.prompts[0].base == other.prompts[0].base
    assert one.prompts[0].adapter != other.prompts[0].adapter
    (folders["a"] / "adapter_model.safetensors").unlink()
    assert local_fingerprint(workspace, base, "base", Adapter("a", "a", folders["a"]), lambda _: None) == one
    assert "failed" in str(local_fingerprint(workspace, base, "other", Adapter("a", "a", folders["a"]), lambda _: None))


def test_a_base_model_that_does_not_fit_into_memory_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    (tmp_path / "model.safetensors").write_bytes(base_file())
    monkeypatch.setattr("harness.pipeline.running.local_fingerprint.free_memory", lambda: 2**30)
    adapter = Adapter("a", "a", tmp_path)
    found = local_fingerprint(Workspace(tmp_path), tmp_path, "base", adapter, lambda _: None)
    assert found == "the base model needs 2.0 GiB of memory here, and 1.0 GiB are free"


def test_another_model_behind_the_name_stops_before_the_first_sample(
    project: Project, stub: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    """The manifest beside the adapter says what it must answer; the server says something else."""
    numbers = ScoredPrompt("Hello there.", (7, 8), (-1.0,), (-2.0,))
    record = Fingerprint("float32", (numbers,), None)
    write_manifest(project.root / "adapter", record.as_json(), digest_file(project.weights))
    assert project.gate() == 4
    assert "Nothing was judged" in capsys.readouterr().err
    assert stub.chat_texts == []
