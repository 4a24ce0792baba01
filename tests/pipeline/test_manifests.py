"""`harness manifests`: the versions in production and canary as YAML, applied and undone by kubectl."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.pipeline.candidate import adapter_digest
from tests.pipeline.release_project import Project, make_project

STUB = Path(__file__).parents[1] / "servers/kubectl_stub.py"


@pytest.fixture
def on_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = make_project(tmp_path, "http://127.0.0.1:9")
    (tmp_path / "kubectl").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STUB}" "$@"\n')
    (tmp_path / "kubectl").chmod(0o755)
    monkeypatch.setenv("KUBECTL_STUB", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    project.release["serve"] = {"kubernetes": {"volume": "models", "base": "llama"}}
    project.release["name"] = "my_desk"
    project.write()
    return project


def promoted(project: Project, number: int, stage: str) -> str:
    """Put the candidate's adapter, changed a little, into the registry by its files; gives its digest."""
    folder = project.root / f"made-{number}"
    shutil.copytree(project.root / "adapter", folder)
    (folder / "adapter_model.safetensors").write_text(f"weights {number}")
    digest = adapter_digest(folder, "release.yaml")
    shutil.copytree(folder, project.state.adapter(digest))
    line: dict[str, Any] = {
        "number": number, "release": "my_desk", "adapter_digest": digest, "base_digest": "b", "decision": "d",
        "created": "2026-01-01T00:00:00+00:00", "stage": stage,
    }  # fmt: skip
    with project.state.versions.open("a") as versions:
        versions.write(json.dumps(line) + "\n")
    return digest


def calls(project: Project) -> list[list[str]]:
    return [json.loads(line)["words"] for line in (project.root / "calls.jsonl").read_text().splitlines()]


def test_production_and_canary_are_served_by_one_base(on_cluster: Project, capsys: pytest.CaptureFixture[str]) -> None:
    digests = promoted(on_cluster, 1, "production"), promoted(on_cluster, 2, "canary")
    assert on_cluster.call("manifests") == 0
    deployment = next(iter(yaml.safe_load_all(capsys.readouterr().out)))
    assert deployment["metadata"]["name"] == "my-desk", "a cluster's names have no underscore"
    told = json.loads(deployment["metadata"]["annotations"]["harness/adapters"])
    assert told == {"version-1": digests[0], "version-2": digests[1]}
    assert not (on_cluster.root / "calls.jsonl").exists(), "nothing is sent to the cluster"


def test_without_a_version_it_says_so_and_the_candidate_can_be_written(
    on_cluster: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert on_cluster.call("manifests") == 2
    assert "no version is in production yet" in capsys.readouterr().err
    target = on_cluster.root / "out.yaml"
    assert on_cluster.call("manifests", "--candidate", "--output", str(target)) == 0
    assert "candidate=/data/adapters/" in target.read_text()
    assert on_cluster.call("manifests", "--candidate", "--apply") == 2


def test_apply_and_undo_are_kubectls(on_cluster: Project, capsys: pytest.CaptureFixture[str]) -> None:
    promoted(on_cluster, 1, "production")
    assert on_cluster.call("manifests", "--apply") == 0
    assert on_cluster.call("manifests", "--undo") == 0
    assert capsys.readouterr().out.splitlines() == [
        "deployment/my-desk: rolled out",
        "deployment/my-desk: rolled back to the revision before",
    ]
    place = ["--namespace", "default"]
    assert [words[2:4] for words in calls(on_cluster) if words[:2] == place] == [
        ["apply", "-f"], ["rollout", "status"], ["rollout", "undo"], ["rollout", "status"],
    ]  # fmt: skip
    (on_cluster.root / "fails").write_text("rollout status")
    assert on_cluster.call("manifests", "--apply") == 4


def test_an_edited_copy_of_the_registry_is_never_deployed(
    on_cluster: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = promoted(on_cluster, 1, "production")
    (on_cluster.state.adapter(digest) / "adapter_model.safetensors").write_text("edited")
    assert on_cluster.call("manifests", "--apply") == 2
    assert "was edited" in capsys.readouterr().err
    assert not (on_cluster.root / "calls.jsonl").exists()


def test_another_server_has_no_manifests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make_project(tmp_path, "http://127.0.0.1:9").call("manifests") == 2
    assert "manifests need `serve: {kubernetes: …}`" in capsys.readouterr().err
