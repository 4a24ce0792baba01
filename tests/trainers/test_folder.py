"""A run's folder: only the same run is gone on with, only whole checkpoints count, the adapter is clean."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.core.errors import OutsideError
from harness.core.ids import digest_bytes
from harness.trainers.axolotl import folder, manifest


def checkpoint(path: Path) -> Path:
    path.mkdir(parents=True)
    for name in (*folder.WHOLE, "training_args.bin", "rng_state.pth"):
        (path / name).write_text("{}")
    (path / "trainer_state.json").write_text('{"global_step": 1}')
    (path / "adapter_config.json").write_text('{"base_model_name_or_path": "/home/me/model", "r": 8}')
    return path


def test_the_same_run_is_gone_on_with(tmp_path: Path) -> None:
    run = folder.open_run(tmp_path, "key") | {"seconds": 5.0}
    folder.save_run(tmp_path, run)
    checkpoint(tmp_path / "checkpoints" / "checkpoint-4")
    assert folder.open_run(tmp_path, "key")["seconds"] == 5.0
    assert (tmp_path / "checkpoints" / "checkpoint-4").is_dir()


def test_another_run_starts_afresh_and_leaves_foreign_files(tmp_path: Path) -> None:
    folder.save_run(tmp_path, folder.open_run(tmp_path, "old"))
    checkpoint(tmp_path / "checkpoints" / "checkpoint-4")
    (tmp_path / "notes.txt").write_text("mine")
    assert folder.open_run(tmp_path, "new")["exit_code"] is None
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("broken", ["optimizer.pt", "trainer_state.json", "adapter_model.safetensors"])
def test_half_checkpoints_are_dropped(tmp_path: Path, broken: str) -> None:
    whole = checkpoint(tmp_path / "checkpoint-4")
    half = checkpoint(tmp_path / "checkpoint-8")
    (half / broken).unlink()
    cut = checkpoint(tmp_path / "checkpoint-12")
    (cut / "trainer_state.json").write_text('{"global_st')
    folder.drop_half_checkpoints(tmp_path)
    assert list(tmp_path.iterdir()) == [whole]


def test_the_adapter_holds_weights_and_config_only_and_no_path(tmp_path: Path) -> None:
    target = folder.take_adapter(checkpoint(tmp_path / "checkpoint-4"), tmp_path)
    assert sorted(path.name for path in target.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    assert json.loads((target / "adapter_config.json").read_text()) == {"base_model_name_or_path": None, "r": 8}


def test_a_folder_serves_one_run_at_a_time(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from harness.trainers.axolotl import folder\n"
        "with folder.locked(Path(sys.argv[1])): print(1, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(OutsideError, match="Another training run"), folder.locked(tmp_path):
            pass
    with folder.locked(tmp_path):
        pass


def test_a_finished_run_is_known_by_its_key_and_its_bytes(tmp_path: Path) -> None:
    weights = tmp_path / "adapter" / "adapter_model.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(b"weights")
    record = {"key": "k", "adapter": digest_bytes(b"weights"), "digests": {"base": "b"}}
    assert manifest.finished(tmp_path, "k") is None
    manifest.write(tmp_path, record)
    found = manifest.finished(tmp_path, "k")
    assert found is not None
    assert found.digest == record["adapter"]
    assert manifest.finished(tmp_path, "other") is None
    weights.write_bytes(b"edited")
    assert manifest.finished(tmp_path, "k") is None
