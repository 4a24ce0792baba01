"""A real MLflow server is told a training: parameters, losses, digests, and how it ended."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import OutsideError
from harness.core.trainings import Track
from harness.trainers.interface import TrainRequest
from harness.trainers.tracking.judged import tell_judged
from harness.trainers.tracking.train import train
from tests.tiny import make_tiny_model
from tests.trainers.test_end_to_end import CONFIG, rows
from tests.trainers.tracking.made import SECRET, Trainer, mlflow_server, request, wait_for_tellers

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(importlib.util.find_spec("mlflow") is None, reason="mlflow is not installed"),
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.timeout(900),
]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told is looked at here, not how long a busy machine takes for it."""
    wait_for_tellers(monkeypatch, 240.0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as address:
        yield address


def runs(server: str, experiment: str) -> list[Any]:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=server)
    found = client.get_experiment_by_name(experiment)
    return list(client.search_runs([found.experiment_id])) if found else []


def history(server: str, run: Any, name: str) -> list[tuple[int, float]]:
    from mlflow import MlflowClient

    found = MlflowClient(tracking_uri=server).get_metric_history(run.info.run_id, name)
    return [(metric.step, metric.value) for metric in found]


@pytest.mark.parametrize("before", [False, True], ids=["while it trains", "afterwards"])
def test_a_training_is_told_once(server: str, tmp_path: Path, before: bool) -> None:
    experiment, warned = f"desk {before}", list[str]()
    if before:
        train(Trainer(), request(tmp_path, None), lambda news: None, warned.append)
    asked = request(tmp_path, Track(mlflow_uri=server, experiment=experiment))
    for _ in range(2):
        train(Trainer(), asked, lambda news: None, warned.append)
    assert warned == [], (asked.output / "mlflow.log").read_text()
    [run] = runs(server, experiment)
    assert (run.info.run_name, run.info.status) == ("tiny", "FINISHED")
    assert run.data.params == {"learning_rate": "0.002", "lora_r": "8", "note": run.data.params["note"], "seed": "42"}
    assert SECRET not in run.data.params["note"]
    assert run.data.tags["harness.adapter"] == "a" * 64
    assert run.data.tags["harness.data"] == "d" * 64
    assert run.data.metrics["wall_seconds"] == 12.5
    assert "energy_joules" not in run.data.metrics
    assert history(server, run, "loss") == [(1, 3.0), (2, 1.5), (3, 1.0)]
    assert history(server, run, "validation_loss") == [(0, 3.0)]


def test_a_failed_training_is_told_as_failed_and_goes_on_in_the_same_run(server: str, tmp_path: Path) -> None:
    asked = request(tmp_path, Track(mlflow_uri=server, experiment="failing"))
    with pytest.raises(OutsideError):
        train(Trainer(fails=True, pause=2), asked, lambda news: None, print)
    [run] = runs(server, "failing")
    assert run.info.status == "FAILED"
    train(Trainer(), asked, lambda news: None, print)
    [again] = runs(server, "failing")
    assert (again.info.run_id, again.info.status) == (run.info.run_id, "FINISHED")


def test_a_decision_goes_to_the_run_of_its_training(server: str, tmp_path: Path) -> None:
    track, warned = Track(mlflow_uri=server, experiment="judged"), list[str]()
    asked = request(tmp_path, track)
    train(Trainer(), asked, lambda news: None, warned.append)
    metrics, tags = {"gates/t.accuracy[lang=de]/at_least/low": 0.5}, {"harness.verdict": "PASS"}
    for _ in range(2):
        tell_judged(track, asked.output, "d" * 64, metrics, tags, warned.append)
    assert warned == []
    [run] = runs(server, "judged")
    assert run.info.status == "FINISHED"
    assert run.data.metrics["gates/t.accuracy_lang_de_/at_least/low"] == 0.5
    assert run.data.tags["harness.verdict"] == "PASS"
    assert len(history(server, run, "gates/t.accuracy_lang_de_/at_least/low")) == 1


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("axolotl") is None, reason="axolotl is not installed")
@pytest.mark.timeout(900)
def test_a_real_training_is_told_and_its_adapter_stays_the_same(server: str, tmp_path: Path) -> None:
    from harness.trainers.axolotl import AxolotlTrainer

    (tmp_path / "lora.yaml").write_text(CONFIG)
    plain = TrainRequest(
        config=tmp_path / "lora.yaml",
        base_model=make_tiny_model(tmp_path / "model"),
        base_digest="b" * 64,
        data=rows(tmp_path / "train.jsonl", 24),
        validation=rows(tmp_path / "validation.jsonl", 8),
        output=tmp_path / "0000000000000000",
    )
    untold = AxolotlTrainer().train(plain, lambda news: None)
    track, warned = Track(server, "real", "offline", "real"), list[str]()
    asked = replace(plain, output=tmp_path / "1111111111111111", track=track, name="tiny")
    told = train(AxolotlTrainer(), asked, lambda news: None, warned.append)
    assert warned == []
    assert told.digest == untold.digest
    one, other = (json.loads(adapter.manifest.read_text()) for adapter in (told, untold))
    assert one["key"] == other["key"]
    assert one["device_name"]
    assert one["peak_memory_bytes"] > 100 * 2**20
    assert one["energy_joules"] is not None or one["energy_reason"]
    [run] = runs(server, "real")
    assert run.data.tags["harness.adapter"] == told.digest
    assert run.data.params["lora_r"] == "8"
    assert not [value for value in run.data.params.values() if str(tmp_path) in value]
    losses = [(entry["step"], entry["loss"]) for entry in one["history"] if "loss" in entry]
    assert [step for step, _ in sorted(history(server, run, "loss"))] == [step for step, _ in losses]
    assert list(asked.output.glob("wandb/offline-run-*/run-*.wandb"))
