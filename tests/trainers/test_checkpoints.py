"""Every checkpoint's adapter is kept in a folder like a training's own, by its own bytes."""

from __future__ import annotations

import json
from pathlib import Path

from harness.core.ids import digest_file
from harness.pipeline.recipe import taught_by
from harness.trainers.axolotl.checkpoints import keep


def checkpoint(output: Path, step: int) -> None:
    folder = output / "checkpoints" / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "adapter_model.safetensors").write_bytes(b"weights of %d" % step)
    (folder / "adapter_config.json").write_text(json.dumps({"r": 8, "base_model_name_or_path": "/some/where"}))
    (folder / "optimizer.pt").write_bytes(b"x")


def test_each_has_its_weights_its_config_and_its_manifest(tmp_path: Path) -> None:
    checkpoint(tmp_path, 4)
    checkpoint(tmp_path, 8)
    (tmp_path / "checkpoints/checkpoint-12").mkdir()  # killed while it was saved
    keep(tmp_path, {"digests": {"data": "d", "config": "c"}, "best_step": 4, "adapter": "of step 4"})
    assert sorted(path.name for path in (tmp_path / "adapters").iterdir()) == ["step-4", "step-8"]
    home = tmp_path / "adapters/step-8"
    adapter = home / "adapter"
    assert sorted(path.name for path in adapter.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    told = json.loads((home / "manifest.json").read_text())
    assert told["adapter"] == digest_file(adapter / "adapter_model.safetensors")
    assert told["best_step"] == 8
    assert taught_by(adapter) == {"data": "d", "config": "c"}
