"""A training is told to trackers, and none of them can fail it or hold it up."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest

from harness.core.errors import OutsideError
from harness.core.trainings import Track
from harness.trainers.tracking import places, teller
from harness.trainers.tracking.train import train
from tests.trainers.tracking.made import SECRET, Trainer, free_port, request, wait_for_tellers

needs_mlflow = pytest.mark.skipif(not __import__("importlib.util").util.find_spec("mlflow"), reason="no mlflow")
needs_wandb = pytest.mark.skipif(not __import__("importlib.util").util.find_spec("wandb"), reason="no wandb")


def test_without_trackers_nothing_is_started(tmp_path: Path) -> None:
    warned: list[str] = []
    assert train(Trainer(), request(tmp_path, None), lambda news: None, warned.append).digest == "a" * 64
    assert warned == []
    assert not list(tmp_path.rglob("*.log"))


@needs_mlflow
@pytest.mark.timeout(400)
def test_a_server_that_is_down_costs_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for_tellers(monkeypatch, 300.0)
    warned: list[str] = []
    track = Track(mlflow_uri=f"http://127.0.0.1:{free_port()}", experiment="desk")
    adapter = train(Trainer(), request(tmp_path, track), lambda news: None, warned.append)
    assert adapter.digest == "a" * 64
    [text] = warned
    assert text.startswith(f"MLflow at {track.mlflow_uri} was not told everything: ")
    assert str(tmp_path / "0123456789abcdef/mlflow.log") in text
    assert "Connection refused" in (tmp_path / "0123456789abcdef/mlflow.log").read_text()
    assert not (tmp_path / "0123456789abcdef/tracked.json").exists()


@needs_mlflow
def test_a_black_hole_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for_tellers(monkeypatch, 3.0)
    with socket.socket() as hole:  # takes connections and never answers
        hole.bind(("127.0.0.1", 0))
        hole.listen()
        track = Track(mlflow_uri=f"http://127.0.0.1:{hole.getsockname()[1]}", experiment="desk")
        warned: list[str] = []
        assert train(Trainer(), request(tmp_path, track), lambda news: None, warned.append).digest
    assert "within 3 s" in warned[0]
    assert len(warned) == 1


def test_a_child_that_reads_nothing_never_blocks_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deaf.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    warned: list[str] = []
    deaf = teller.Teller(places.Place("Deaf", "deaf", "deaf", {}), {}, tmp_path / "log", warned.append)
    for step in range(5_000):  # whoever waited for the child would do so for ten minutes
        deaf.say({"step": step, "metrics": {"loss": 1.0}})
    assert deaf.end({"status": "finished"}, patience=0.5) is False
    assert warned == ["Deaf was not told everything: it does not keep up, and not every step was told."]


def test_keys_in_what_a_tracker_says_are_masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "loud.py").write_text(f"raise SystemExit('refused: {SECRET}')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    warned: list[str] = []
    loud = teller.Teller(places.Place("Loud", "loud", "loud", {}), {}, tmp_path / "log", warned.append)
    assert loud.end({"status": "finished"}) is False
    assert SECRET not in warned[0] + (tmp_path / "log").read_text()
    assert "refused: [masked:" in warned[0]


def test_a_missing_package_is_told_before_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.setattr(places.importlib.util, "find_spec", lambda name: None)
    steps: list[object] = []
    with pytest.raises(OutsideError, match=r"pip install 'harness\[mlflow\]'"):
        train(Trainer(), request(tmp_path, Track(mlflow_uri="http://127.0.0.1:1", experiment="x")), steps.append, print)
    assert steps == []


def test_a_failed_training_fails_as_ever(tmp_path: Path) -> None:
    track = Track(wandb_mode="offline", project="desk")
    with pytest.raises(OutsideError, match="the loss rose"):
        train(Trainer(fails=True), request(tmp_path, track), lambda news: None, print)


def test_no_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    found = places.environment({"WANDB_MODE": "disabled", "WANDB_API_KEY": "k", "MLFLOW_DISABLE_TELEMETRY": "false"})
    assert found["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert found["WANDB_ERROR_REPORTING"] == "false"
    assert found["WANDB_API_KEY"] == "k"
    assert "WANDB_MODE" not in found


@needs_wandb
def test_an_offline_run_is_written_into_the_training_s_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")  # as the command line sets it
    monkeypatch.setenv("WANDB_HOST", "host-of-ours")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    warned: list[str] = []
    asked = request(tmp_path, Track(wandb_mode="offline", project="desk"))
    train(Trainer(), asked, lambda news: None, warned.append)
    assert warned == [], (asked.output / "wandb.log").read_text()
    [run] = asked.output.glob("wandb/offline-run-*/run-*.wandb")
    written = run.read_bytes()
    assert run.name == "run-0123456789abcdef.wandb"
    assert b"harness.adapter" in written
    assert b"validation_loss" in written
    for private in (SECRET, "/somewhere/model", "host-of-ours", str(tmp_path)):
        assert private.encode() not in written, private
    # Told once: a finished training is not told again.
    train(Trainer(), asked, lambda news: None, warned.append)
    assert len(list(asked.output.glob("wandb/offline-run-*"))) == 1
    assert json.loads((asked.output / "tracked.json").read_text())
