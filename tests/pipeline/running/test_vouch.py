"""Whose record an adapter is held against: its own training's, and no other's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.core.fingerprints import Fingerprint, ScoredPrompt
from harness.core.ids import digest_file
from harness.pipeline.running.vouch import fingerprint_of
from tests.pipeline.release_project import Project
from tests.tgi_stub import Stub

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


def test_a_given_adapter_without_a_record_is_said_in_the_decision(project: Project) -> None:
    assert project.gate() == 0
    assert any("training" in note for note in project.record["notes"]), project.record["notes"]


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
