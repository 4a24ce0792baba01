"""The doctor's findings, and its exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.base_models.entries import MANIFEST
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


def test_where_base_models_lie_and_how_to_be_rid_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_HOME", str(tmp_path / "home"))
    models = tmp_path / "home" / "models"
    assert by_name(tmp_path)["base models"] == Check("base models", "ok", f"none yet in {models}")
    (models / "one").mkdir(parents=True)
    (models / "one" / MANIFEST).write_text("{}")
    (models / "half").mkdir()
    found = by_name(tmp_path)["base models"]
    assert (found.state, found.text) == ("ok", f"1 (0.0 GiB) in {models}")
    assert found.advice.startswith(f"rm -r {models} ")


def test_a_shared_folder_of_the_release_and_one_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HARNESS_HOME")
    (tmp_path / "release.yaml").write_text(RELEASE + "home: elsewhere\n")
    assert by_name(tmp_path)["base models"].text == f"none yet in {tmp_path}/elsewhere/models"
    (tmp_path / "elsewhere").write_text("a file in its place")
    found = by_name(tmp_path)["base models"]
    assert found.state == "lacking"
    assert "HARNESS_HOME" in found.advice


def test_models_that_a_project_has_of_before_are_noted(tmp_path: Path) -> None:
    (tmp_path / ".harness/models/digests").mkdir(parents=True)
    assert [check.name for check in examine(tmp_path)].count("base models") == 1
    (tmp_path / ".harness/models/one").mkdir()
    notes = [check for check in examine(tmp_path) if check.name == "base models" and check.state == "note"]
    assert [check.text.split(" of ")[0] for check in notes] == ["1 (0.0 GiB)"]
