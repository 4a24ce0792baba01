"""A server of ours that dies in the middle: told at once, nothing lost, and the same command goes on.

How often it is looked for is tested with the client (test_watched.py).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from harness.store import bundle
from tests.pipeline.release_project import Project, make_project
from tests.servers.commands import StandIns, put_on_path
from tests.tiny import make_tiny_adapter, make_tiny_model
from tests.waiting import until

# Whoever asks a dead server until patience is over takes two minutes.
SECONDS = 45.0


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIns:
    return put_on_path(tmp_path / "stand-ins", monkeypatch)


def started_here(root: Path, samples: int) -> Project:
    """A project that starts its server itself."""
    project = make_project(root, "http://127.0.0.1:9", samples)
    project.release["serve"] = {"tgi_process": {"gpus": "none"}, "concurrency": 16}
    project.write()
    return project


def outputs(project: Project) -> int:
    return sum(len((folder / bundle.OUTPUTS).read_bytes().splitlines()) for folder in project.bundles)


def wait_for_outputs(project: Project, process: subprocess.Popen[str], count: int) -> None:
    def enough() -> bool:
        assert process.poll() is None, process.communicate()
        return any((folder / bundle.OUTPUTS).is_file() for folder in project.bundles) and outputs(project) >= count

    until(enough, every=0.01)


def killed(server: int, process: subprocess.Popen[str]) -> tuple[float, str]:
    """Kill the server; how long the command then takes, and what it says."""
    begun = time.monotonic()
    os.kill(server, signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 4, said
    return time.monotonic() - begun, said


def test_a_run_ends_within_two_seconds_with_the_last_words_and_goes_on(
    tmp_path: Path, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = started_here(tmp_path / "project", 400)
    monkeypatch.setenv("STUB_DELAY", "0.1")
    process = project.start("run", "-q")
    wait_for_outputs(project, process, 48)
    seconds, said = killed(stand_ins.server, process)
    assert seconds < SECONDS
    assert "text-generation-launcher ended (killed by SIGKILL)" in said
    assert "answered" in said.split("Its last words")[1]
    kept = outputs(project)
    assert 48 <= kept < 400
    assert not any(map(bundle.is_finished, project.bundles))
    monkeypatch.setenv("STUB_DELAY", "0")
    assert project.call("run", "-q") == 0
    counts = {bundle.read_run(folder).model.role: bundle.read_run(folder).counts for folder in project.bundles}
    assert {(one.total, one.not_evaluated) for one in counts.values()} == {(400, 0)}
    log = (project.state.logs / "server.log").read_text()
    assert log.count("answered") == 800 - kept, "what was answered is not asked again"


def test_the_check_before_the_first_sample_ends_at_once(
    tmp_path: Path, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = started_here(tmp_path / "project", 60)
    monkeypatch.setenv("STUB_HANGS", "1")
    process = project.start("run")
    assert process.stderr is not None
    begun = next((line for line in process.stderr if "pre-flight" in line), "")
    assert begun, "it never came to the check"
    seconds, said = killed(stand_ins.server, process)
    assert seconds < SECONDS
    assert "ended (killed by SIGKILL)" in said
    assert project.bundles == []


def test_serve_notices_that_its_server_died(tmp_path: Path, stand_ins: StandIns) -> None:
    process = started_here(tmp_path / "project", 60).start("serve")
    assert process.stdout is not None
    assert "http://127.0.0.1:" in process.stdout.readline()
    seconds, said = killed(stand_ins.server, process)
    assert seconds < SECONDS
    assert "ended (killed by SIGKILL)" in said
    assert "stub ready" in said


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore")
def test_the_local_server_killed_among_hundreds_of_samples(tmp_path: Path) -> None:
    for package in ("torch", "peft", "fastapi"):
        pytest.importorskip(package)
    base = make_tiny_model(tmp_path / "tiny")
    make_tiny_adapter(base, tmp_path / "tuned", 1)
    project = make_project(tmp_path, "http://127.0.0.1:9", 400)
    project.release["candidate"] = {"base_model": "tiny", "adapter": "tuned"}
    project.release["serve"] = {"local": {"threads": 1}, "concurrency": 8}
    project.write()
    process = project.start("run", "-q")
    wait_for_outputs(project, process, 50)
    seconds, said = killed(embedded_of(process.pid), process)
    assert seconds < SECONDS
    assert "the local server ended (killed by SIGKILL)" in said
    assert "Its last words" in said
    kept = outputs(project)
    assert 50 <= kept < 400
    assert project.call("run", "-q") == 0
    for folder in project.bundles:
        assert bundle.read_run(folder).counts.total == 400
        assert json.loads((folder / "manifest.json").read_text())["run"]["counts"]["not_evaluated"] == 0


def embedded_of(parent: int) -> int:
    """The local server that a process started."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"harness.embedded" in words and words[words.index(b"--parent-pid") + 1] == str(parent).encode():
            return int(entry.name)
    raise AssertionError("no local server runs")
