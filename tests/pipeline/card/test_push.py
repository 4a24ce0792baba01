"""A version that passed goes out byte for byte with its card; one that did not, or was edited, stays."""

from __future__ import annotations

import copy
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from tests.hub_stub import Hub, hub
from tests.pipeline.conftest import Gated
from tests.pipeline.release_project import Project
from tests.trainers.tracking.made import free_port, mlflow_server


@pytest.fixture(scope="module")
def promoted(gated_once: Gated, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a version in staging."""
    project = gated_once.project.copied(tmp_path_factory.mktemp("promoted"))
    assert project.call("promote", "--to", "staging") == 0
    return project


@pytest.fixture
def project(promoted: Project, tmp_path: Path) -> Project:
    return promoted.copied(tmp_path / "project")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub() as found:
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        monkeypatch.setenv("HF_TOKEN", "hf_x")
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield found


def called(project: Project, command: str, *words: str) -> tuple[int, str, str]:
    """In a process of its own: huggingface_hub reads its environment when it is imported."""
    process = project.start(command, *words)
    out, err = process.communicate(timeout=120)
    return process.returncode, out.strip(), err.strip()


def kept(project: Project) -> Path:
    [found] = (project.root / ".harness/adapters").iterdir()
    return found


def edit(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def test_the_card_of_a_version_and_of_a_decision(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    assert project.call("card", "--license", "mit", "--language", "en") == 0
    card = ModelCard.load(capfd.readouterr().out.strip())
    assert card.data.license == "mit"
    assert [(one.metric_name, one.metric_value) for one in card.data.eval_results] == [("accuracy", 1.0)]
    assert "at stage staging" in card.text
    output = project.root / "elsewhere"
    assert project.call("card", "--decision", project.record["id"][:8], "--output", str(output)) == 0
    assert "No version rests on this decision yet" in (output / "README.md").read_text()
    for text in (card.content, (output / "README.md").read_text()):
        assert str(project.root) not in text
        assert "message 1" not in text.replace("message1", "message 1"), "a sample"


def test_a_version_that_is_not_there(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    assert project.call("card", "v9") == 2
    assert "there is no version 'v9'" in capfd.readouterr().err


def test_a_version_goes_to_the_hub_with_its_card(project: Project, server: Hub) -> None:
    code, out, err = called(project, "push", "v1", "--to", "hub:org/name")
    assert (code, out) == (0, f"{server.url}/org/name"), err
    assert sorted(server.files) == ["README.md", "adapter_config.json", "adapter_model.safetensors"]
    assert server.files["adapter_model.safetensors"] == project.weights.read_bytes()
    assert json.loads(server.files["adapter_config.json"])["base_model_name_or_path"] is None
    assert ModelCard(server.files["README.md"].decode()).data.library_name == "peft"
    assert server.made[0]["visibility"] == "private"


def test_an_edited_adapter_is_not_pushed(project: Project, server: Hub) -> None:
    edit(kept(project) / "adapter_model.safetensors", project.weights.read_bytes() + b"!")
    code, _, err = called(project, "push", "v1", "--to", "hub:org/name")
    assert code == 2
    assert "the adapter was changed" in err
    assert server.asked == []


def test_an_edited_decision_is_not_pushed(project: Project, server: Hub) -> None:
    path = project.state.decision(project.record["id"])
    edit(path, json.dumps({**project.record, "reason": "fine"}).encode())
    code, _, err = called(project, "push", "v1", "--to", "hub:org/name")
    assert code == 2
    assert "edited after it was written" in err
    assert server.asked == []


def test_what_did_not_pass_is_not_pushed(project: Project, server: Hub) -> None:
    record = copy.deepcopy(project.record)
    edit(project.state.decision(record["id"]), json.dumps({**record, "verdict": "INCONCLUSIVE"}).encode())
    code, _, err = called(project, "push", "v1", "--to", "hub:org/name")
    assert code == 2
    assert "which is INCONCLUSIVE, not PASS" in err
    assert server.asked == []


@pytest.mark.parametrize("to", ["org/name", "hub:name", "hub:../x/y", "mlflow:http://me:key@host", "s3:x"])
def test_a_place_that_is_none(project: Project, capfd: pytest.CaptureFixture[str], to: str) -> None:
    assert project.call("push", "v1", "--to", to) == 2
    assert "say hub:org/name or mlflow:http://server" in capfd.readouterr().err


@pytest.mark.skipif(importlib.util.find_spec("mlflow") is None, reason="mlflow is not installed")
def test_an_mlflow_that_is_down_is_one_sentence(project: Project) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    code, _, err = called(project, "push", "v1", "--to", f"mlflow:{address}")
    assert code == 4
    assert f"MLflow at {address} did not take r v1: " in err
    assert len(err.splitlines()) == 1


@pytest.mark.e2e
@pytest.mark.skipif(importlib.util.find_spec("mlflow") is None, reason="mlflow is not installed")
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
def test_a_version_goes_to_mlflow_once(project: Project, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    with mlflow_server(tmp_path) as address:
        for _ in range(2):
            code, out, err = called(project, "push", "v1", "--to", f"mlflow:{address}")
            assert (code, out) == (0, f"{address} r version 1 (v1)"), err
        client = MlflowClient(tracking_uri=address, registry_uri=address)
        [found] = client.search_model_versions("name = 'r'")
        assert found.tags["harness.verdict"] == "PASS"
        assert found.tags["harness.adapter"] == project.record["candidate"]["adapter_digest"]
        assert client.get_model_version_by_alias("r", "staging").version == found.version
        names = {file.path for file in client.list_artifacts(found.run_id, "adapter")}
        assert names == {
            f"adapter/{name}" for name in ("README.md", "adapter_config.json", "adapter_model.safetensors")
        }
