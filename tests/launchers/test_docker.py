"""A training in a container: the exact command, and what really happens where that command is run."""

from __future__ import annotations

import csv
import dataclasses
import importlib.util
import json
import os
from pathlib import Path

import pytest

from harness import catalog
from harness.core.errors import OutsideError
from harness.launchers._environment import PACKAGE
from harness.launchers.docker import Docker
from harness.launchers.interface import Job, Place
from harness.trainers.axolotl import AxolotlTrainer
from tests.launchers import stand_ins
from tests.launchers.training import request

JOB = Job(
    module="harness.trainers.axolotl.child",
    arguments=("/runs/a/resolved.yaml", "2"),
    reads={Path("/models/base"): "b", Path("/data/train.jsonl"): "t"},
    folder=Path("/runs/a"),
    starts_with=("resolved.yaml",),
    leaves=("checkpoints",),
    log=Path("/runs/a/train.log"),
    key="k",
)


def test_the_exact_command() -> None:
    given = {"image": "axolotl@sha256:1", "gpus": "device=0,1", "processes": 2, "options": ["--cpus", "8"]}
    docker: Docker = catalog.build("launchers", "docker", given)
    assert docker.command(JOB, "harness-1") == [
        "docker", "run", "--rm", "--init", "-i", "--name", "harness-1", "--network", "none",
        "--user", f"{os.getuid()}:{os.getgid()}", "--shm-size", "16g", "--gpus", '"device=0,1"',
        "--mount", f"type=bind,source={PACKAGE},target={PACKAGE},readonly",
        "--mount", "type=bind,source=/models/base,target=/models/base,readonly",
        "--mount", "type=bind,source=/data/train.jsonl,target=/data/train.jsonl,readonly",
        "--mount", "type=bind,source=/runs/a,target=/runs/a",
        "--env", "AXOLOTL_DO_NOT_TRACK=1", "--env", "DO_NOT_TRACK=1", "--env", "HF_HUB_OFFLINE=1",
        "--env", "HF_HUB_DISABLE_TELEMETRY=1", "--env", "RAY_USAGE_STATS_ENABLED=0", "--env", "PYTHONHASHSEED=0",
        "--env", "PYTHONUNBUFFERED=1", "--env", "TOKENIZERS_PARALLELISM=false", "--env", "AXOLOTL_DATASET_NUM_PROC=0",
        "--env", "WANDB_MODE=disabled", "--env", "COMET_MODE=DISABLED", "--env", "HOME=/tmp", "--env", "USER=harness",
        "--env", f"PYTHONPATH={PACKAGE.parent}", "--cpus", "8",
        "--workdir", "/runs/a", "--entrypoint", "python", "axolotl@sha256:1", "-P",
        "-m", "harness.trainers.axolotl.child", "/runs/a/resolved.yaml", "2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("gpus", "said"),
    [
        ("device=0,1", '"device=0,1"'),
        ('"device=0,1"', '"device=0,1"'),
        ("device=GPU-3a23c669,GPU-1f2e", '"device=GPU-3a23c669,GPU-1f2e"'),
        ("device=0", "device=0"),
        ("all", "all"),
        ("2", "2"),
        ('all,"capabilities=compute,utility"', 'all,"capabilities=compute,utility"'),
    ],
)
def test_docker_reads_gpus_as_one_row_of_csv(gpus: str, said: str) -> None:
    command = Docker(gpus=gpus).command(JOB, "n")
    assert command[command.index("--gpus") + 1] == said
    fields = next(csv.reader([said]))
    assert [field for field in fields if field.startswith("device=")] == [gpus.strip('"')] * gpus.strip('"').startswith(
        "d"
    )


def test_what_links_lead_to_is_seen_too(tmp_path: Path) -> None:
    """The Hub's cache is made of links."""
    (tmp_path / "blob").write_text("weights")
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "model.safetensors").symlink_to("../blob")
    command = Docker().command(dataclasses.replace(JOB, reads={tmp_path / "base": "b"}), "n")
    blob = tmp_path / "blob"
    assert f"type=bind,source={blob},target={blob},readonly" in command


def test_keys_of_trackers_are_named_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "very-secret")
    command = Docker().command(dataclasses.replace(JOB, online=True), "n")
    assert command[command.index("WANDB_API_KEY") - 1] == "--env"
    assert "very-secret" not in " ".join(command)
    assert command[command.index("--network") + 1] == "bridge"
    assert "WANDB_API_KEY" not in Docker().command(JOB, "n")


def test_without_gpus_it_is_a_cpu_and_the_image_is_part_of_the_key() -> None:
    identity = {"image": "i", "processes": 1}
    assert Docker("i", gpus="none").place() == Place("cpu", identity=identity)
    assert Docker("i").place().device == "cuda"
    assert "--gpus" not in Docker("i", gpus="none").command(JOB, "n")


def test_no_docker_is_told_before_anything_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutsideError, match="'docker' is not on PATH"):
        AxolotlTrainer().train(request(tmp_path, "docker", gpus="none"), lambda news: None)


def test_an_interrupt_stops_the_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = stand_ins.install(tmp_path / "stand-in", monkeypatch, docker=stand_ins.DOCKER)
    job = dataclasses.replace(
        JOB, module="timeit", arguments=("-n", "1", "-r", "1", "import time; time.sleep(600)"), reads={},
        folder=tmp_path, log=tmp_path / "log",
    )  # fmt: skip

    def interrupt() -> None:
        if len(stand_ins.calls(recorded)) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Docker().run(job, interrupt)
    *_, run, stop = stand_ins.calls(recorded)
    assert stop == ["stop", "--time", "5", run[run.index("--name") + 1]]


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(importlib.util.find_spec("axolotl") is None, reason="axolotl is not installed")
def test_a_training_really_happens_through_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = stand_ins.install(tmp_path / "stand-in", monkeypatch, docker=stand_ins.DOCKER)
    asked = request(tmp_path / "project", "docker", image="own:1", gpus="none")
    steps: list[int] = []
    adapter = AxolotlTrainer().train(asked, lambda news: steps.append(news.step))
    manifest = json.loads(adapter.manifest.read_text())
    losses = [row["validation_loss"] for row in manifest["history"] if "validation_loss" in row]
    assert min(losses) < losses[0] / 2
    assert max(steps) == 18
    assert manifest["launcher"] == {"image": "own:1", "processes": 1}
    assert manifest["fingerprint"]["prompts"]
    called = stand_ins.calls(recorded)
    name = called[0][-1]
    assert [call[0] for call in called] == ["rm", "run", "stop", "rm", "run", "stop"]
    assert all(name in call for call in called)
    assert called[1][called[1].index("own:1") + 1 :][:3] == ["-P", "-m", "harness.trainers.axolotl.child"]
    assert called[4][called[4].index("own:1") + 1 :][:3] == ["-P", "-m", "harness.trainers.axolotl.fingerprint"]
