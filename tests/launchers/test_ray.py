"""A training as a task of a Ray cluster: a real one, of this machine alone."""

from __future__ import annotations

import importlib.util
import json
import os
import select
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.core.errors import ConfigError, OutsideError
from harness.launchers.interface import Job, Place
from harness.launchers.ray import Ray
from harness.trainers.axolotl import AxolotlTrainer, trainer
from tests.launchers.training import request


def real(test: Callable[..., None]) -> Callable[..., None]:
    """A test with a real cluster."""
    absent = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")
    quiet = pytest.mark.filterwarnings("ignore")
    for mark in (pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), quiet, absent):
        test = mark(test)
    return test


def test_several_workers_on_cpus_are_refused() -> None:
    with pytest.raises(ConfigError, match="asks for a GPU for each worker"):
        Ray(workers=2, gpus=0).place()


def test_several_workers_are_axolotls_own_ray_train(tmp_path: Path) -> None:
    place = Ray(address="auto", workers=2, gpus=1, cpus=8).place()
    resources = {"CPU": 8, "GPU": 1}
    settings = {"use_ray": True, "ray_num_workers": 2, "resources_per_worker": resources}
    assert place == Place("cuda", 2, 1, settings, {"processes": 2})
    resolved = trainer._resolved(request(tmp_path, "ray", workers=2), place)
    assert {key: resolved[key] for key in settings} == settings


def test_one_worker_changes_no_result() -> None:
    assert Ray(gpus=0).place() == Place("cpu")
    assert Ray().place() == Place("cuda")


def job_in(folder: Path, module: str, *arguments: str, reads: Path | None = None) -> Job:
    return Job(module, arguments, {reads: "d"} if reads else {}, folder, (), (), folder / "train.log", "k")


@real
def test_the_exit_code_and_the_log_come_back_and_missing_files_are_told(tmp_path: Path) -> None:
    launcher = Ray(address="local", gpus=0)
    assert launcher.run(job_in(tmp_path, "platform"), lambda: None) == 0
    assert "linux" in (tmp_path / "train.log").read_text().lower()
    assert launcher.run(job_in(tmp_path, "no_such_module"), lambda: None) == 1
    missing = tmp_path / "not here"
    assert launcher.run(job_in(tmp_path, "platform", reads=missing), lambda: None) == 72
    assert f"The Ray worker does not see {missing}" in (tmp_path / "train.log").read_text()
    assert Ray(address="local", gpus=3, wait=3).run(job_in(tmp_path, "platform"), lambda: None) == 72
    assert "gave no worker" in (tmp_path / "train.log").read_text()


@real
def test_an_interrupt_ends_the_task(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = (
        "import os, sys, pathlib; from harness.launchers._life import watch_parent; watch_parent();"
        f"pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); import time; time.sleep(600)"
    )
    job = job_in(tmp_path, "timeit", "-n", "1", "-r", "1", code)

    def interrupt() -> None:
        if pid.exists() and pid.read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Ray(address="local", gpus=0).run(job, interrupt)
    try:
        handle = os.pidfd_open(int(pid.read_text()))
    except ProcessLookupError:
        return
    assert select.select([handle], [], [], 15)[0], "the task went on"
    os.close(handle)


@real
def test_a_training_really_happens_through_it(tmp_path: Path) -> None:
    asked = request(tmp_path, "ray", address="local", gpus=0)
    steps: list[int] = []
    adapter = AxolotlTrainer().train(asked, lambda news: steps.append(news.step))
    manifest = json.loads(adapter.manifest.read_text())
    losses = [row["validation_loss"] for row in manifest["history"] if "validation_loss" in row]
    assert min(losses) < losses[0] / 2
    assert max(steps) == 18
    assert manifest["device"] == "cpu"
    assert "launcher" not in manifest, "it changes no result"
    assert manifest["fingerprint"]["prompts"]


def test_ray_that_is_not_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ray" else found(name))
    with pytest.raises(OutsideError, match=r"Ray is not installed\. Run: pip install 'harness"):
        AxolotlTrainer().train(request(tmp_path, "ray", gpus=0), lambda news: None)
