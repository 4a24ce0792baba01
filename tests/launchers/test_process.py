"""Training in this environment: one process, or several that really train together."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
from pathlib import Path

import pytest

from harness.core.errors import OutsideError
from harness.launchers.interface import Place
from harness.launchers.process import Process, device_here
from harness.trainers.axolotl import AxolotlTrainer, jobs
from harness.trainers.axolotl.progress import ProgressFile
from tests.launchers.training import request


def test_one_process_is_no_part_of_the_key() -> None:
    assert Process().place() == Place(device_here())
    assert Process(3).place() == Place(device_here(), 3, 3, identity={"processes": 3})


@pytest.mark.parametrize("size", [None, 1, 3])
def test_another_number_of_processes_than_asked_for_is_refused(tmp_path: Path, size: int | None) -> None:
    """`accelerate launch --cpu --num_processes 2` trains with one and says nothing."""
    line = {"time": 1, "phase": "train", "step": 1, "steps": 2} | ({"world_size": size} if size else {})
    reader = ProgressFile(tmp_path / "p")
    (tmp_path / "p").write_text(json.dumps(line) + "\n")
    look = jobs._looking(reader, Place("cpu", 2, 2), lambda news: None)
    if size is None:
        look()  # what says nothing is refused at the end
        look = lambda: jobs._need_workers(reader, Place("cpu", 2, 2))  # noqa: E731
    with pytest.raises(OutsideError, match="2 processes were to train together, and"):
        look()


def test_without_axolotl_it_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "axolotl" else real(name))
    with pytest.raises(OutsideError, match=r"Axolotl is not installed\. Run: pip install 'harness\[train\]'"):
        AxolotlTrainer().train(request(tmp_path, "process"), lambda news: None)


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(importlib.util.find_spec("axolotl") is None, reason="axolotl is not installed")
@pytest.mark.skipif(device_here() != "cpu", reason="there is a GPU here, but not two")
def test_two_processes_train_together_on_a_cpu_and_go_on_after_a_stop(tmp_path: Path) -> None:
    asked = request(tmp_path, "process", processes=2)
    steps: list[int] = []

    def interrupt(step: int) -> None:
        if step >= 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        AxolotlTrainer().train(asked, lambda news: interrupt(news.step))
    adapter = AxolotlTrainer().train(asked, lambda news: steps.append(news.step))
    manifest = json.loads(adapter.manifest.read_text())
    losses = [row["validation_loss"] for row in manifest["history"] if "validation_loss" in row]
    assert min(losses) < losses[0] / 2
    assert min(step for step in steps if step) >= 3, "from the last checkpoint on"
    assert max(steps) == 9, "each of the two takes every second batch: 24 rows, 4 in a batch, 3 epochs"
    assert manifest["launcher"] == {"processes": 2}
    lines = [json.loads(line) for line in (asked.output / "checkpoints/progress.jsonl").read_text().splitlines()]
    assert {line["world_size"] for line in lines} == {2}

    one = dataclasses.replace(asked, launcher=dataclasses.replace(asked.launcher, arguments={}))
    assert jobs.launcher_of(one.launcher).place().identity == {}
