"""What a promotion records, and all that keeps a version from a stage."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from harness.core.errors import ConfigError
from harness.pipeline.registry.artefacts import keep
from tests.pipeline.registry.conftest import edit_record, known, production, weights
from tests.pipeline.release_project import Project


def refused(project: Project, capfd: pytest.CaptureFixture[str], *words: str) -> str:
    capfd.readouterr()
    before = project.state.moves.read_bytes()
    assert project.call("promote", *words) == 2
    assert project.state.moves.read_bytes() == before
    return capfd.readouterr().err


def test_a_version_tells_what_it_is_made_of(project: Project) -> None:
    assert project.call("promote", "--to", "staging", "--note", "for the desk") == 0
    version, record = known(project).versions[-1], project.record
    assert (version.number, version.parent, version.decision) == (3, 2, record["id"])
    assert version.digests["policy"] == record["digests"]["policy"]
    assert {"release", "suite queue", "data queue.sort"} <= set(version.digests)
    assert version.provenance["base"] == "base"
    assert version.provenance["adapter"] == {"file": "adapter/adapter_config.json", "r": 1}
    (move,) = [one for one in known(project).moves if one.version == 3]
    assert (move.stage, move.why, move.note, move.decision) == ("staging", "promote", "for the desk", record["id"])


def test_the_adapter_is_copied_and_read_only(project: Project) -> None:
    assert project.call("promote", "--to", "staging") == 0
    folder = project.state.adapter(known(project).versions[-1].adapter_digest)
    assert sorted(path.name for path in folder.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    assert all(path.stat().st_mode & 0o777 == 0o444 for path in folder.iterdir())
    weights(project, "something else")
    assert project.call("promote", "--version", "v3", "--to", "production") == 0
    assert production(project) == 3


def test_a_copy_that_was_edited_is_refused_and_made_again_from_the_adapter(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    assert project.call("promote", "--to", "staging") == 0
    copied = project.state.adapter(known(project).versions[-1].adapter_digest) / "adapter_model.safetensors"
    whole = copied.read_bytes()
    copied.chmod(0o644)
    copied.write_bytes(b"edited")
    assert "the adapter was changed" in refused(project, capfd, "--version", "v3", "--to", "production")
    assert project.call("promote", "--to", "production") == 0
    assert copied.read_bytes() == whole


def test_a_copy_that_is_not_what_was_judged_is_not_kept(project: Project) -> None:
    """The adapter may be written to between the checks and the copy."""
    with pytest.raises(ConfigError, match="the adapter was changed"):
        keep(project.state, project.weights.parent, "0" * 64)
    assert not [path for path in project.state.adapter("0" * 64).parent.iterdir() if "0" * 12 in path.name]


def test_all_that_is_missing_is_named_at_once(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    weights(project, "another adapter")
    (project.root / "base/tokenizer.json").write_text("{}")
    edit_record(project, project.record["id"], reason="all is well")
    said = refused(project, capfd, "--to", "production")
    for part in ("was given to the adapter", "was given to the base", "the record was edited after it was written"):
        assert part in said
    assert production(project) == 2


@pytest.mark.parametrize("name", ["adapter_model.bin", "adapter_model.pt"])
def test_pickled_weights_are_refused(project: Project, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    (project.root / "adapter" / name).write_bytes(b"\x80\x04")
    assert f"{name} holds pickled weights" in refused(project, capfd, "--to", "production")


def test_a_missing_file_is_named(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    project.weights.unlink()
    assert "holds no adapter_model.safetensors" in refused(project, capfd, "--to", "production")


def test_a_decision_for_another_digest_is_refused(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    first = known(project).versions[0].decision
    assert "was given to the adapter" in refused(project, capfd, "--to", "production", "--decision", first[:12])
    said = refused(project, capfd, "--to", "production", "--version", "v2", "--decision", first[:12])
    assert "v2 was recorded by decision" in said


def test_words_that_name_nothing_are_told(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    assert "there is no version 'v7'. There are v1, v2." in refused(
        project, capfd, "--to", "production", "--version", "v7"
    )
    assert "there is no stage 'canery'. Did you mean 'canary'?" in refused(project, capfd, "--to", "canery")
    assert "`harness archive v3`" in refused(project, capfd, "--to", "archived")
    assert "--share is the canary's part" in refused(project, capfd, "--to", "staging", "--share", "0.1")


def test_production_is_not_left_empty(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    assert "would leave it empty" in refused(project, capfd, "--version", "v2", "--to", "staging")
    assert project.call("archive", "v2") == 2
    assert production(project) == 2


def test_another_policy_today_keeps_a_version_from_production(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    project.release["policy"]["alpha"] = 0.01
    project.write()
    assert "the policy is another" in refused(project, capfd, "--version", "v1", "--to", "production")


def safetensors(path: Path, tensors: dict[str, list[int]]) -> None:
    header = json.dumps({name: {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]}
                         for name, shape in tensors.items()}).encode()  # fmt: skip
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(header)) + header)


def test_an_adapter_that_does_not_fit_is_not_promoted(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    layer = "base_model.model.q"
    safetensors(project.weights, {f"{layer}.lora_A.weight": [8, 32], f"{layer}.lora_B.weight": [64, 8]})
    safetensors(project.root / "base/model.safetensors", {"q.weight": [48, 32]})
    assert "trained on another base model" in refused(project, capfd, "--to", "production")
