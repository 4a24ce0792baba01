"""The shared folder of base models: made once, checked whenever it is used, made again where it is damaged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from harness.base_models import digest, here, resolve
from harness.base_models.entries import MANIFEST, shared_entry
from harness.base_models.home import models_in, shared_home
from harness.core.errors import OutsideError
from tests.base_models.test_base_models import REVISION
from tests.projects import ENVIRONMENT

HUB = f"org/name@{REVISION}"
ENTRY = f"org--name-{REVISION[:12]}"
# Makes a model that takes a while, and notes that it did.
SLOW = """
import sys, time
from pathlib import Path
from harness.base_models.entries import shared_entry
def make(folder, lock):
    with open(sys.argv[2], "a") as log:
        log.write("made\\n")
    (folder / "config.json").write_text("{")
    print("begun", flush=True)
    sys.stdin.readline()
    (folder / "config.json").write_text("{}")
print(shared_entry(Path(sys.argv[1]), "model", "making", make, lambda text: print(text, flush=True)))
"""
# Is killed while a child of it makes the model.
ORPHAN = """
import subprocess, sys
from pathlib import Path
from harness.base_models.entries import shared_entry
def make(folder, lock):
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(["sleep", "600"], pass_fds=(lock.fileno(),), stdin=quiet, stdout=quiet, stderr=quiet)
    print(child.pid, flush=True)
    child.wait()
shared_entry(Path(sys.argv[1]), "model", "making", make, lambda text: None)
"""


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "home" / "models"


def made(folder: Path, _: IO[str]) -> None:
    (folder / "config.json").write_text('{"a": 1}')
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")


def entry(models: Path, said: list[str]) -> Path:
    return shared_entry(models, "model", "making", made, said.append)


def python(program: str, *words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)], env=ENVIRONMENT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def test_it_is_made_once_and_hashed_once(models: Path) -> None:
    said: list[str] = []
    first = entry(models, said)
    assert entry(models, said) == first == models / "model"
    assert said == ["making", "hashing the base model"]
    assert json.loads((first / MANIFEST).read_text())["digest"] == digest.digest_of(first, models, said.append)
    assert len(said) == 2


def _flip(folder: Path) -> None:
    """Another byte, with size and time as they were."""
    path = folder / "config.json"
    kept = path.stat()
    path.write_text('{"a": 2}')
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "config.json").write_text("{}"), "config.json has 2 bytes, not 8"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "tokenizer.json is missing"),
        (lambda folder: (folder / MANIFEST).unlink(), "its .harness.json, which is written last, is missing"),
        (lambda folder: (folder / MANIFEST).write_text("{"), "its .harness.json, which is written last, is missing"),
        (lambda folder: (folder / "vocab.txt").write_text(""), "its digest is not the one that it was made with"),
        (_flip, "its digest is not the one that it was made with"),
    ],
)
def test_a_damaged_one_is_told_and_made_again(models: Path, spoil: object, words: str) -> None:
    said: list[str] = []
    whole = digest.digest_of(entry(models, said), models, said.append)
    spoil(models / "model")  # type: ignore[operator]
    said.clear()
    found = entry(models, said)
    told = next(text for text in said if not text.startswith("hashing"))
    assert told.startswith(f"{found} is damaged: {words}")
    assert told.endswith(". making")
    assert digest.digest_of(found, models, said.append) == whole
    said.clear()
    entry(models, said)
    assert said == []


def test_two_processes_make_it_once(models: Path, tmp_path: Path) -> None:
    first = python(SLOW, models, tmp_path / "log")
    assert first.stdout is not None
    assert [first.stdout.readline() for _ in range(2)] == ["making\n", "begun\n"]
    second = python(SLOW, models, tmp_path / "log")
    assert second.stdout is not None
    assert [second.stdout.readline() for _ in range(2)] == [
        "making\n", "waiting for another process that makes this base model\n"
    ]  # fmt: skip
    assert not (models / "model").exists(), "it is not seen before it is whole"
    assert first.communicate("\n")[0].endswith(f"{models}/model\n")
    assert second.communicate()[0].endswith(f"{models}/model\n")
    assert (tmp_path / "log").read_text() == "made\n"


def test_a_killed_one_leaves_nothing_that_is_used(models: Path, tmp_path: Path) -> None:
    first = python(SLOW, models, tmp_path / "log")
    assert first.stdout is not None
    assert [first.stdout.readline() for _ in range(2)] == ["making\n", "begun\n"]
    first.kill()
    first.communicate()
    found = entry(models, [])
    assert (found / "config.json").read_text() == '{"a": 1}'
    assert [path.name for path in models.iterdir() if path.name.startswith(".")] == []


def test_the_child_of_a_killed_one_is_waited_for(models: Path) -> None:
    first = python(ORPHAN, models)
    assert first.stdout is not None
    child = int(first.stdout.readline())
    first.kill()
    first.communicate()
    second = python(SLOW, models, models / "log")
    assert second.stdout is not None
    assert [second.stdout.readline() for _ in range(2)][1].startswith("waiting for another process")
    os.kill(child, 9)
    assert second.communicate("\n")[0].endswith(f"{models}/model\n")


def test_a_folder_that_cannot_be_written_is_told_in_one_message(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file in its place")
    with pytest.raises(OutsideError) as caught:
        entry(tmp_path / "home" / "models", [])
    text = str(caught.value)
    assert text.startswith(f"base models are kept in {tmp_path}/home/models, where nothing can be written: Not a dir")
    assert "HARNESS_HOME" in text
    assert "`home:` in release.yaml" in text


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_whole_one_is_used_where_nothing_can_be_written(models: Path) -> None:
    first = entry(models, [])
    for folder in (models / "digests", models):
        folder.chmod(0o555)
    try:
        assert entry(models, []) == first
    finally:
        for folder in (models, models / "digests"):
            folder.chmod(0o755)


def test_a_whole_one_needs_nothing_written(models: Path) -> None:
    """Its digest cannot be kept (a file lies in the folder's place), and it is used all the same."""
    first, said = entry(models, []), []  # type: ignore[var-annotated]
    for path in (*(models / "digests").iterdir(), *(models / "locks").iterdir()):
        path.unlink()
    for name in ("digests", "locks"):
        (models / name).rmdir()
        (models / name).write_text("")
    assert entry(models, said) == first
    assert said == ["hashing the base model"]


def test_who_must_not_make_it_stops_before_anything_is_written(models: Path) -> None:
    def refuse(step: str) -> None:
        raise PermissionError(step)

    with pytest.raises(PermissionError, match="making"):
        shared_entry(models, "model", "making", made, refuse)
    assert not models.exists()


@pytest.mark.parametrize(
    ("variables", "declared", "place"),
    [
        ({"HARNESS_HOME": "/srv/a", "XDG_CACHE_HOME": "/srv/b"}, "/srv/c", "/srv/a"),
        ({"HARNESS_HOME": "", "XDG_CACHE_HOME": "/srv/b"}, "/srv/c", "/srv/c"),
        ({"XDG_CACHE_HOME": "/srv/b", "HOME": "/home/d"}, None, "/srv/b/harness"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/home/d"}, None, "/home/d/.cache/harness"),
        ({"HARNESS_HOME": "~/e", "HOME": "/home/d"}, None, "/home/d/e"),
    ],
)
def test_where_it_lies(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], declared: str | None, place: str
) -> None:
    for name in ("HARNESS_HOME", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert shared_home(Path(declared) if declared else None) == Path(place)


def test_without_a_home_folder_each_project_keeps_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("HARNESS_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", nobody)
    assert shared_home() is None
    shared_entry(tmp_path, ENTRY, "making", made, lambda _: None)
    assert resolve(HUB, tmp_path).folder == tmp_path / ENTRY


def test_projects_share_one_and_tell_it_by_the_same_digest(tmp_path: Path) -> None:
    home = tmp_path / "home"
    shared_entry(models_in(home), ENTRY, "making", made, lambda _: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("HARNESS_HOME")
        said: list[str] = []
        first, second = (resolve(HUB, tmp_path / name, said.append, home=home) for name in ("a", "b"))
    assert first == second
    assert first.folder == home / "models" / ENTRY
    assert said == []
    assert not (tmp_path / "a").exists()


def test_a_model_of_before_in_the_project_is_used_as_it_lies(tmp_path: Path) -> None:
    own = tmp_path / "models" / ENTRY
    own.mkdir(parents=True)
    made(own, sys.stdin)
    assert here(HUB, tmp_path / "models", tmp_path) is None, "a download that was not finished"
    (own / ".complete").touch()
    assert resolve(HUB, tmp_path / "models").folder == own
    assert here(HUB, tmp_path / "models", tmp_path) == own


def test_one_that_is_not_here_is_not_made_to_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_HOME", str(tmp_path / "home"))
    assert here(HUB, tmp_path / "models", tmp_path) is None
    assert list(tmp_path.iterdir()) == []
