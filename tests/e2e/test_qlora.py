"""QLoRA for real, without a GPU: the base model is held in 4 bits while Axolotl trains, and the adapter is served."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.project import LORA, make_project
from tests.e2e.release_path import SMALL, harness

pytest.importorskip("axolotl")
pytest.importorskip("bitsandbytes")
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800)]

QLORA = LORA.replace("adapter: lora", "adapter: qlora\nload_in_4bit: true")


def test_qlora_learns_on_a_cpu_and_its_adapter_answers(tmp_path: Path) -> None:
    make_project(tmp_path).write_text(SMALL, encoding="utf-8")
    (tmp_path / "lora.yaml").write_text(QLORA, encoding="utf-8")
    gate = harness(tmp_path, "gate")
    assert gate.returncode == 0, gate.stderr
    manifest = json.loads(next((tmp_path / ".harness/training").glob("*/manifest.json")).read_text())
    resolved = next((tmp_path / ".harness/training").glob("*/resolved.yaml")).read_text()
    assert all(words in resolved for words in ("load_in_4bit: true", "plugins.BnbCpu"))
    losses = [row["validation_loss"] for row in manifest["history"] if row.get("validation_loss") is not None]
    assert losses[-1] < 0.5 * losses[0]
    runs = [json.loads(path.read_text())["run"] for path in (tmp_path / ".harness/runs").glob("*/manifest.json")]
    proofs = [run["adapter_proof"] for run in runs if run["model"]["role"] == "candidate"]
    assert proofs
    assert all(proof.startswith("proven") for proof in proofs)
