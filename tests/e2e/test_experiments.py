"""Experiments for real: three trainings by Axolotl, one of which diverges; the best on a validation suite goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.experiments_project import make_experiments
from tests.waiting import until

pytest.importorskip("axolotl")
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800)]
ROOT = Path(__file__).parents[2]


def harness(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in a project's folder."""
    return subprocess.run(
        [sys.executable, "-m", "harness", *words], cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=1500, check=False,
    )  # fmt: skip


def start(folder: Path) -> subprocess.Popen[bytes]:
    """`harness experiments` as a process of its own, with its words in a file."""
    with (folder / "killed.txt").open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "harness", "experiments"], cwd=folder, stdout=out, stderr=out,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip


def wait_for(folder: Path, pattern: str, process: subprocess.Popen[bytes]) -> None:
    """Until a file of this pattern is there."""

    def there() -> bool:
        assert process.poll() is None, (folder / "killed.txt").read_text()
        return any(folder.glob(pattern))

    until(there, 1200, every=0.1)


def trainings(folder: Path) -> dict[str, Any]:
    """The manifests of finished trainings, by folder."""
    found = (folder / ".harness/training").glob("*/manifest.json")
    return {path.parent.name: json.loads(path.read_text()) for path in found}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Killed by -9 in its first training, after a checkpoint, then done to the end."""
    folder = tmp_path_factory.mktemp("experiments")
    make_experiments(folder)
    first = start(folder)
    wait_for(folder, ".harness/training/*/checkpoints/checkpoint-8/trainer_state.json", first)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert trainings(folder) == {}
    done = harness(folder, "experiments", "--json")
    (folder / "done.json").write_text(json.dumps([done.returncode, done.stdout, done.stderr]))
    return folder


def test_the_best_on_the_validation_suite_goes_on(project: Path) -> None:
    code, out, err = json.loads((project / "done.json").read_text())
    assert code == 0, err
    told = json.loads(out)
    known = {one["name"]: one for one in told["contestants"]}
    assert "not a finite number" in known["wild"]["failed"]
    best = max(("default", "curated"), key=lambda name: known[name]["metrics"]["choice.accuracy"]["value"])
    assert known[told["chosen"]]["metrics"]["choice.accuracy"] == known[best]["metrics"]["choice.accuracy"]
    assert "flattered by the choice" in told["notes"][0]
    page = (project / "reports/tiny/experiments.html").read_text()
    assert all(name in page for name in known)
    assert "<svg" in page


def test_the_killed_training_went_on_from_its_checkpoint(project: Path) -> None:
    finished = trainings(project)
    assert len(finished) == 2, "the one that diverged left no manifest"
    for name, told in finished.items():
        progress = (project / ".harness/training" / name / "checkpoints/progress.jsonl").read_text().splitlines()
        begun = [step["step"] for step in map(json.loads, progress) if "loss" not in step and step["phase"] == "train"]
        if told["rows"] == 64:
            assert 8 in begun, "the second attempt began at the checkpoint"


def test_a_rerun_does_nothing(project: Path) -> None:
    again = harness(project, "experiments", "--json")
    assert again.returncode == 0, again.stderr
    assert "= experiments" in again.stderr
    assert "serve" not in again.stderr
    assert json.loads(again.stdout) == json.loads(json.loads((project / "done.json").read_text())[1])


def test_the_failed_training_leaves_words_and_the_gate_takes_the_best(project: Path) -> None:
    done = harness(project, "gate")
    assert done.returncode == 0, done.stderr
    decision = json.loads((project / "reports/tiny/decision.json").read_text())
    chosen = json.loads(json.loads((project / "done.json").read_text())[1])
    [best] = [one for one in chosen["contestants"] if one["name"] == chosen["chosen"]]
    assert decision["candidate"]["adapter_digest"] == best["adapter_digest"]
