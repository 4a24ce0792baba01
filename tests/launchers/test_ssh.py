"""A training on another machine: the exact commands, and what really happens where they are run in another folder."""

from __future__ import annotations

import dataclasses
import importlib.util
import io
import json
import shlex
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from harness.core.errors import OutsideError
from harness.launchers import _transfer
from harness.launchers.interface import Job, Place
from harness.launchers.ssh import Ssh
from harness.trainers.axolotl import AxolotlTrainer
from tests.launchers import stand_ins
from tests.launchers.training import request
from tests.waiting import until

OPTIONS = ["-T", "-o", "BatchMode=yes", "-o", "ForwardAgent=no", "-o", "ServerAliveInterval=15"]
# The job itself, in the place of the training: it tells what it was given, and leaves a file and a pickle.
MODULE = "platform"


def job_in(root: Path) -> Job:
    (root / "run").mkdir(parents=True)
    (root / "da ta").mkdir()
    (root / "da ta" / "rows.jsonl").write_text("{}\n")
    (root / "run" / "resolved.yaml").write_text(
        yaml.safe_dump({"datasets": [{"path": str(root / "da ta" / "rows.jsonl")}], "output_dir": str(root / "run/o")})
    )
    return Job(
        module=MODULE,
        arguments=(str(root / "run" / "resolved.yaml"), "terse"),
        reads={root / "da ta" / "rows.jsonl": "digest"},
        folder=root / "run",
        starts_with=("resolved.yaml",),
        leaves=("resolved.yaml",),
        log=root / "run" / "train.log",
        key="k",
        progress=root / "run" / "checkpoints" / "progress.jsonl",
        config=root / "run" / "resolved.yaml",
    )


def test_the_exact_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = stand_ins.install(tmp_path / "stand-in", monkeypatch, ssh=stand_ins.SSH)
    job = job_in(tmp_path / "here")
    launcher = Ssh("gpu-1", user="me", port=2222, identity="/keys/id", folder="my folder")
    assert launcher.run(job, lambda: None) == 0
    called = stand_ins.calls(recorded)
    head = [*OPTIONS, "-i", "/keys/id", "-l", "me", "-p", "2222", "--", "gpu-1"]
    assert all(call[:-1] == head for call in called)
    said = [call[-1] for call in called]
    assert said[0] == "mkdir -p 'my folder'/inputs 'my folder'/runs && cd 'my folder' && pwd -P"
    home = tmp_path / "stand-in" / "home" / "my folder"
    [run] = (home / "runs").iterdir()
    [start] = [one for one in said if " exec env " in one]
    words = shlex.split(start)
    assert words[:2] == ["cd", str(run)]
    assert words[-6:] == ["python3", "-P", "-m", MODULE, str(run / "resolved.yaml"), "terse"]
    assert {"AXOLOTL_DO_NOT_TRACK=1", "HF_HUB_OFFLINE=1", "PYTHONHASHSEED=0"} < set(words)
    [rows] = [path for path in (home / "inputs").glob("*/rows.jsonl")]
    assert rows.read_text() == "{}\n"
    assert [path.name for path in (home / "inputs").glob("*/harness")] == ["harness"]
    moved = yaml.safe_load((run / "resolved.yaml").read_text())
    assert moved == {"datasets": [{"path": str(rows)}], "output_dir": str(run / "o")}
    assert sys.platform in job.log.read_text().lower()

    # Another run does not go on with what this one left.
    assert launcher.run(dataclasses.replace(job, key="other"), lambda: None) == 0
    assert len(list((home / "runs").iterdir())) == 2

    # Inputs are sent once.
    before = len(stand_ins.calls(recorded))
    assert launcher.run(job, lambda: None) == 0
    assert not any("inputs" in call[-1] and "tar -xf" in call[-1] for call in stand_ins.calls(recorded)[before:])


def test_a_host_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = "#!/bin/sh\necho 'ssh: Could not resolve hostname gpu-1' >&2\nexit 255\n"
    stand_ins.install(tmp_path / "stand-in", monkeypatch, ssh=broken)
    with pytest.raises(OutsideError, match="The command on gpu-1 failed: ssh: Could not resolve hostname gpu-1"):
        Ssh("gpu-1").run(job_in(tmp_path / "here"), lambda: None)


def test_an_interrupt_ends_the_job_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its standard input ends, which every job of ours watches."""
    stand_ins.install(tmp_path / "stand-in", monkeypatch, ssh=stand_ins.SSH)
    waits = "import sys, time\nprint('began', flush=True)\nsys.stdin.read()\nopen(sys.argv[1] + '.ended', 'w')\n"
    python = tmp_path / "stand-in" / "bin" / "python3"
    (tmp_path / "waits.py").write_text(waits)
    # Away from ssh's process group, as on another machine: no signal of ours comes through.
    python.write_text(f'#!/bin/sh\nexec setsid --wait {sys.executable} {tmp_path}/waits.py "$4"\n')
    job = job_in(tmp_path / "here")

    def interrupt() -> None:
        if "began" in job.log.read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Ssh("gpu-1").run(job, interrupt)
    there = tmp_path / "stand-in" / "home" / "harness-training" / "runs"
    assert until(lambda: list(there.glob("*/resolved.yaml.ended"))), "the job went on"


def test_what_the_other_side_could_not_send_whole_is_refused(tmp_path: Path) -> None:
    """tar ends its archive well, and then says by its exit code that it could not read every file."""
    (tmp_path / "there/checkpoints").mkdir(parents=True)
    (tmp_path / "there/checkpoints/adapter_config.json").write_text("{}")
    (tmp_path / "here").mkdir()
    packed = ["sh", "-c", f"tar -cf - -C {shlex.quote(str(tmp_path / 'there'))} checkpoints; exit 2"]
    with pytest.raises(OutsideError, match=r"did not come back whole \(exit code 2\)"):
        _transfer.receive(packed, tmp_path / "here", ("checkpoints",))


def test_only_plain_files_of_known_kinds_come_back(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name in (
            "o/adapter_model.safetensors",
            "o/evil.pt",
            "../out.json",
            "manifest.json",
            "/abs.json",
            "o/../../x.json",
        ):
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
        link = tarfile.TarInfo("o/link.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    (tmp_path / "a.tar").write_bytes(archive.getvalue())
    with pytest.raises(OutsideError, match="did not come back whole"):
        _transfer.receive(["cat", str(tmp_path / "a.tar")], tmp_path / "in", ("o",))
    found = [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert found == ["a.tar", "in/o/adapter_model.safetensors"]


def test_the_host_is_no_part_of_the_key() -> None:
    assert Ssh("a").place() == Ssh("b", port=5).place() == Place("cuda")
    assert Ssh("a", processes=4).place() == Place("cuda", 4, 4, identity={"processes": 4})


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(importlib.util.find_spec("axolotl") is None, reason="axolotl is not installed")
def test_a_training_really_happens_through_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_ins.install(tmp_path / "stand-in", monkeypatch, ssh=stand_ins.SSH)
    asked = request(tmp_path / "project", "ssh", host="gpu-1")
    steps: list[int] = []
    adapter = AxolotlTrainer().train(asked, lambda news: steps.append(news.step))
    manifest = json.loads(adapter.manifest.read_text())
    losses = [row["validation_loss"] for row in manifest["history"] if "validation_loss" in row]
    assert min(losses) < losses[0] / 2
    assert max(steps) == 18, "the progress came while it ran"
    assert manifest["device"] == "cuda", "resolved for a machine with a GPU"
    assert manifest["fingerprint"]["prompts"]
    assert not list(asked.output.rglob("*.pt")), "pickles stay there"
    there = tmp_path / "stand-in" / "home" / "harness-training" / "runs"
    assert list(there.rglob("optimizer.pt")), "a resumed run finds its state"
