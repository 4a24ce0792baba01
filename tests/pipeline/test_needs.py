"""What a release needs of this machine is told before the first training second."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from harness.core.errors import OutsideError
from harness.pipeline.needs import check_needs
from harness.pipeline.validate import validate
from tests.pipeline.release_project import Project
from tests.projects import LORA


@pytest.fixture
def trained(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A release whose adapter is still to be trained; no package is lacking."""
    for extra in ("TRAIN", "LOCAL"):
        monkeypatch.setattr(f"harness.pipeline.needs.{extra}", {})
    (project.root / "lora.yaml").write_text(LORA.replace("a/b", "base"))
    rows = '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n'
    for name in ("train", "validation"):
        (project.root / f"data/{name}.jsonl").write_text(rows.replace('"a"', f'"{name}"'))
    train = {"axolotl": "lora.yaml", "data": "data/train.jsonl", "validation": "data/validation.jsonl"}
    project.release["candidate"] = {"base_model": "base", "train": train}
    return project


def check(project: Project, serve: dict[str, object]) -> None:
    project.release["serve"] = serve
    project.write()
    check_needs(validate(project.file))


def test_a_server_that_cannot_start_is_told_before_the_training(trained: Project, tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match=r"serve\.vllm needs the command 'no-such-vllm'"):
        check(trained, {"vllm": {"command": "no-such-vllm"}})
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OutsideError, match="is in use by process"):
        check(trained, {"local": {"port": taken.getsockname()[1]}})


def test_without_a_training_the_server_is_looked_at_when_it_is_wanted(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        check(project, {"local": {"port": taken.getsockname()[1]}})
