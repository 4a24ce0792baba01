"""How a training ended decides what becomes of it: told by the exit code and by how many processes really trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import OutsideError
from harness.trainers.axolotl import AxolotlTrainer
from tests.launchers import stand_ins
from tests.launchers.training import request

# Leaves what a training leaves, says nothing of its number of processes, and ends as it was told to.
DOCKER = (
    stand_ins.HEAD
    + """
if sys.argv[1] == "run":
    folder = os.path.join(sys.argv[sys.argv.index("--workdir") + 1], "checkpoints")
    os.makedirs(folder, exist_ok=True)
    state = {"global_step": 1, "max_steps": 1, "num_train_epochs": 1, "epoch": 1.0, "log_history": [
        {"step": 1, "epoch": 1.0, "loss": 1.0, "learning_rate": 0.1}, {"step": 1, "epoch": 1.0, "eval_loss": 1.0}]}
    with open(os.path.join(folder, "trainer_state.json"), "w") as file:
        json.dump(state, file)
    sys.exit(int(os.environ["ENDS_WITH"]))
"""
)


@pytest.mark.parametrize(
    ("code", "processes", "said"),
    [
        ("3", 1, r"Training stopped with exit code 3"),
        ("0", 2, "2 processes were to train together, and nothing tells how many did"),
    ],
)
def test_what_did_not_end_as_it_should_gives_no_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, processes: int, said: str
) -> None:
    stand_ins.install(tmp_path / "stand-in", monkeypatch, docker=DOCKER)
    monkeypatch.setenv("ENDS_WITH", code)
    asked = request(tmp_path / "project", "docker", gpus="none", processes=processes)
    with pytest.raises(OutsideError, match=said):
        AxolotlTrainer().train(asked, lambda news: None)
    assert not (asked.output / "manifest.json").exists()
