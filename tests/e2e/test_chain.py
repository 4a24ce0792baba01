"""The whole chain, for real, as a user calls it: train, serve, run, judge, report, promote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.project import make_project

pytest.importorskip("axolotl")
pytest.importorskip("lm_eval")
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]


def harness(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in a project's folder."""
    command = [sys.executable, "-m", "harness", *words]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=1500, check=False
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project on which `harness gate` ran once; its result lies in gate.json."""
    folder = tmp_path_factory.mktemp("release")
    make_project(folder)
    done = harness(folder, "gate")
    (folder / "gate.json").write_text(json.dumps([done.returncode, done.stdout, done.stderr]))
    return folder


def first_gate(project: Path) -> tuple[int, str, str]:
    """Exit code, output and messages of the first `harness gate`."""
    code, out, err = json.loads((project / "gate.json").read_text())
    return code, out, err


def decision_of(project: Path) -> dict[str, object]:
    """The newest decision's record."""
    return dict(json.loads((project / "reports/tiny/decision.json").read_text()))


def test_gate_trains_serves_runs_judges_and_reports(project: Path) -> None:
    code, out, err = first_gate(project)
    assert code == 0, err
    assert "PASS" in out
    decision = decision_of(project)
    assert decision["verdict"] == "PASS"
    assert {role: set(runs) for role, runs in decision["runs"].items()} == {  # type: ignore[attr-defined]
        "candidate": {"mood", "facts", "measured"},
        "base": {"mood", "facts"},
    }
    page = (project / f"reports/tiny/{str(decision['id'])[:12]}.html").read_text()
    assert "tiny" in page
    assert str(decision["candidate"]["adapter_digest"])[:12] in page  # type: ignore[index]


def test_the_adapter_was_really_trained_and_really_answered(project: Path) -> None:
    manifests = list((project / ".harness/training").glob("*/manifest.json"))
    assert len(manifests) == 1
    history = json.loads(manifests[0].read_text())["history"]
    losses = [entry["validation_loss"] for entry in history if entry.get("validation_loss") is not None]
    assert min(losses[1:]) < losses[0]
    runs = [json.loads(path.read_text())["run"] for path in (project / ".harness/runs").glob("*/manifest.json")]
    proofs = {run["adapter_proof"] for run in runs if run["model"]["role"] == "candidate"}
    assert len(runs) == 5
    assert all(proof.startswith("proven") for proof in proofs)


def test_nothing_is_done_again_when_nothing_changed(project: Path) -> None:
    before = decision_of(project)
    again = harness(project, "gate")
    assert again.returncode == 0, again.stderr
    assert "begin" not in again.stderr
    assert again.stderr.count("done before") == 6  # the training, four runs and the measured phase
    assert decision_of(project) == before


def test_promotion_takes_the_judged_adapter_and_no_other(project: Path) -> None:
    done = harness(project, "promote", "--to", "staging")
    assert done.returncode == 0, done.stderr
    assert "version 1" in done.stdout
    assert "staging" in harness(project, "status").stdout
    training = next((project / ".harness/training").iterdir())
    spoil(training / "adapter/adapter_model.safetensors")
    edited = harness(project, "promote", "--to", "canary")
    assert edited.returncode == 2
    assert "lies here" in edited.stderr
    assert harness(project, "train").returncode == 0  # the checkpoint holds the judged bytes: they are taken again
    healed = harness(project, "promote", "--to", "canary")
    assert healed.returncode == 0, healed.stderr
    for copy in training.rglob("adapter_model.safetensors"):
        spoil(copy)
    refused = harness(project, "promote", "--to", "production")
    assert refused.returncode == 2
    assert "lies here" in refused.stderr
    assert "production" not in harness(project, "status").stdout


def spoil(file: Path) -> None:
    """Change one bit of a file."""
    original = file.read_bytes()
    file.write_bytes(original[:-1] + bytes([original[-1] ^ 1]))
