"""A training by Axolotl's cloud launcher: the exact command, what is sent, and that nothing comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from harness.core.errors import ConfigError, OutsideError
from harness.launchers.axolotl_cloud import AxolotlCloud
from harness.launchers.interface import Job, Place
from tests.launchers import stand_ins

GOOD = {
    "provider": "modal",
    "gpu": "h100",
    "volumes": [{"name": "training", "mount": "/data"}],
    "env": [{"PYTHONPATH": "/workspace/mounts"}, "HF_TOKEN"],
}
# Records its folder and what lies in it, too.
AXOLOTL = (
    stand_ins.HEAD
    + """
with open(os.environ["RECORDED"], "a") as file:
    file.write(json.dumps([os.getcwd(), *sorted(os.listdir())]) + "\\n")
with open("resolved.yaml") as sent, open(os.environ["RECORDED"] + ".yaml", "w") as kept:
    kept.write(sent.read())
sys.exit(int(os.environ.get("EXIT", "0")))
"""
)


def cloud(tmp_path: Path, **changes: object) -> AxolotlCloud:
    path = tmp_path / "cloud.yml"
    path.write_text(yaml.safe_dump(GOOD | changes))
    return AxolotlCloud(str(path))


def job_in(root: Path) -> Job:
    (root / "run").mkdir(parents=True)
    (root / "base").mkdir()
    (root / "base" / "model.safetensors").write_text("w")
    (root / "rows.jsonl").write_text("{}\n")
    config = {"base_model": str(root / "base"), "datasets": [{"path": str(root / "rows.jsonl")}],
              "output_dir": str(root / "run/checkpoints")}  # fmt: skip
    (root / "run" / "resolved.yaml").write_text(yaml.safe_dump(config))
    reads = {root / "base": "b", root / "rows.jsonl": "r"}
    names = ("resolved.yaml",)
    return Job(
        "m", (), reads, root / "run", names, ("checkpoints",), root / "log", "k", config=root / "run/resolved.yaml"
    )


def test_the_exact_command_and_what_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = stand_ins.install(tmp_path / "stand-in", monkeypatch, axolotl=AXOLOTL)
    job = job_in(tmp_path / "here")
    with pytest.raises(OutsideError, match=r"brings nothing back\. Run: modal volume get training harness-"):
        cloud(tmp_path).run(job, lambda: None)
    called, inside = stand_ins.calls(recorded)
    stage = job.folder / "cloud"
    config = str(stage / "resolved.yaml")
    assert called == ["train", config, "--cloud", str(tmp_path / "cloud.yml"), "--launcher", "python"]
    assert inside == [str(stage), "harness", "inputs", "resolved.yaml"]
    sent = yaml.safe_load(Path(f"{recorded}.yaml").read_text())
    assert sent["base_model"] == "/workspace/mounts/inputs/0/base"
    assert sent["datasets"] == [{"path": "/workspace/mounts/inputs/1/rows.jsonl"}]
    assert sent["output_dir"].startswith("/data/harness-")
    assert sent["output_dir"].endswith("/checkpoints")
    assert not stage.exists(), "the copy of the base model is gone"


def test_a_failure_is_its_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_ins.install(tmp_path / "stand-in", monkeypatch, axolotl=AXOLOTL)
    monkeypatch.setenv("EXIT", "3")
    assert cloud(tmp_path).run(job_in(tmp_path / "here"), lambda: None) == 3


def test_a_good_cloud_config_is_a_gpu(tmp_path: Path) -> None:
    assert cloud(tmp_path).place() == Place("cuda")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"volumes": []}, "the adapter would be lost"),
        ({"volumes": [{"name": "a", "mount": "relative"}]}, "the adapter would be lost"),
        ({"env": []}, "lacks PYTHONPATH"),
        ({"provider": "baseten"}, "'baseten' gets a config only"),
    ],
)
def test_what_can_not_work_is_told_before(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        cloud(tmp_path, **changes).place()


def test_a_cloud_config_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        AxolotlCloud(str(tmp_path / "none.yml")).place()
