"""The doctor's findings, and its exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.pipeline import doctor
from harness.pipeline.doctor import EXTRAS, Check, examine
from tests.projects import ENVIRONMENT, RELEASE


def by_name(folder: Path) -> dict[str, Check]:
    return {check.name: check for check in examine(folder)}


def test_every_part_is_looked_at_and_what_lacks_comes_with_advice(tmp_path: Path) -> None:
    found = by_name(tmp_path)
    assert {"Python", "GPU", "cores", "memory", "disk", "ports", "demo model", "BERTScore encoder"} < found.keys()
    assert {f"extra {name}" for name in EXTRAS} < found.keys()
    assert {check.state for check in found.values()} <= {"ok", "lacking", "note"}
    assert all(check.advice for check in found.values() if check.state == "lacking")


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_missing_package_is_named_with_the_command_that_brings_it(
    extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    check = by_name(tmp_path)[f"extra {extra}"]
    assert check.state == "lacking"
    assert EXTRAS[extra][0][0] in check.text
    assert f"harness[{extra}]" in check.advice


def test_a_package_without_metadata_is_no_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor.EXTRAS, "lm-eval", (("no-such-distribution", "json"),))
    assert by_name(tmp_path)["extra lm-eval"].state == "ok"


@pytest.mark.parametrize(("limit", "name"), [("LEAST_MEMORY_GIB", "memory"), ("LEAST_DISK_GIB", "disk")])
def test_too_little_room_is_lacking_and_gives_4(
    limit: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, limit, 1e9)
    assert by_name(tmp_path)[name].state == "lacking"
    monkeypatch.chdir(tmp_path)
    assert main(["doctor"]) == 4
    assert f"✗ {name}" in capsys.readouterr().out


def test_variables_that_change_what_happens_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_OFFLINE", "HTTP_PROXY"):
        monkeypatch.setenv(name, "1")
    assert {"HF_HUB_OFFLINE", "HTTP_PROXY"} < by_name(tmp_path).keys()
    assert "variables" not in by_name(tmp_path)


def test_the_doctor_imports_nothing_heavy_and_writes_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from harness.pipeline.doctor import examine; examine(Path());"
        "print([name for name in ('torch', 'transformers', 'axolotl', 'lm_eval', 'bert_score') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("serve", "command"),
    [
        ("tgi_process: {gpus: none}", "text-generation-launcher"),
        ("tgi_docker: {gpus: none}", "docker"),
        ("vllm: {command: my-vllm, gpus: none}", "my-vllm"),
    ],
)
def test_the_command_of_the_declared_server_is_looked_for(
    serve: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "release.yaml").write_text(RELEASE.replace("local: {threads: 2}", serve))
    kind, path = f"serve.{serve.split(':')[0]}", tmp_path / "bin" / command
    monkeypatch.setenv("PATH", str(path.parent))
    assert by_name(tmp_path)[kind].state == "lacking"
    assert f"'{command}'" in by_name(tmp_path)[kind].text
    path.parent.mkdir()
    path.write_text("")
    path.chmod(0o755)
    assert by_name(tmp_path)[kind] == Check(kind, "ok", str(path))
    monkeypatch.setattr(doctor, "has_gpu", lambda: False)
    (tmp_path / "release.yaml").write_text(RELEASE.replace("local: {threads: 2}", serve.replace("none", "all")))
    assert by_name(tmp_path)[kind].state == "lacking"
    assert "GPU" in by_name(tmp_path)[kind].text


def test_a_release_that_is_wrong_is_for_validate_to_say(tmp_path: Path) -> None:
    before = set(by_name(tmp_path))
    (tmp_path / "release.yaml").write_text("serve: {vllm: {comand: x}}")
    assert set(by_name(tmp_path)) == before
