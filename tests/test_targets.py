"""The Makefile, .ci/run and the locks: every test has a target, every target is listed, a lock fits pyproject.toml."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tomllib
from itertools import chain, combinations
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import limits

pytestmark = pytest.mark.timeout(600)  # they start make, on a machine however busy
ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MARKERS = [line.partition(":")[0] for line in PROJECT["tool"]["pytest"]["ini_options"]["markers"]]
NOT_HERE = {"gpu", "network"}
EXTRAS = ("train", "local", "metrics", "lm-eval", "data")
LOCKS = ("core", "full", "models", "uv")


def make(*words: str) -> str:
    """What make prints, as if no other make had started the tests."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PART"))}
    command = ["make", "--no-print-directory", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def selection(*words: str) -> str:
    """The marker expression that a target gives to pytest."""
    lines = make("--dry-run", *words).replace("\\\n", " ").splitlines()
    words_of_pytest = [shlex.split(line.partition("bin/pytest ")[2].partition(";")[0]) for line in lines]
    (found,) = [words for words in words_of_pytest if words]
    return found[found.index("-m") + 1]


def selects(expression: str, markers: tuple[str, ...]) -> bool:
    return bool(eval(expression, {}, {name: name in markers for name in MARKERS}))


def test_every_test_that_can_run_here_has_exactly_one_target() -> None:
    expressions = [selection("test"), selection("test-slow")]
    here = [name for name in MARKERS if name not in NOT_HERE]
    for markers in chain.from_iterable(combinations(here, size) for size in range(len(here) + 1)):
        assert sum(selects(one, markers) for one in expressions) == 1, f"tests marked {markers or 'not at all'}"


def test_the_four_parts_select_as_the_whole_does() -> None:
    assert {selection("test-slow", f"PART={part}") for part in range(4)} == {selection("test-slow")}


def test_every_marker_of_long_tests_is_known_to_the_limit() -> None:
    assert sorted(limits.LONG) == sorted(MARKERS)


def test_every_target_is_phony_and_in_the_list() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.M)
    targets = re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.M)
    assert sorted(phony.split()) == sorted(targets)
    assert sorted(line.split()[0] for line in make("help").splitlines()) == sorted(targets)


def test_ci_runs_everything_and_says_how_long_it_took(tmp_path: Path) -> None:
    """Without a git repository, as after an unpacked archive: then it is the first part."""
    done = ci(tmp_path, fails="nothing")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:4] == ["setup browser", "test", "test-slow PART=0", "demo"]
    assert re.findall(r"^CI: 0 min \d+ s, exit code 0: make (\S+)", done.stdout, re.M) == SHOWN
    assert len(done.stdout.splitlines()) == 8


SHOWN = ["setup", "test", "test-slow", "demo"]


@pytest.mark.parametrize("fails", SHOWN)
def test_ci_fails_with_any_of_its_parts_and_says_which(tmp_path: Path, fails: str) -> None:
    done = ci(tmp_path, fails)
    assert done.returncode == 3
    assert re.search(rf"^CI: 0 min \d+ s, exit code 3: make {fails}\b", done.stdout.splitlines()[-1])


def ci(folder: Path, fails: str) -> subprocess.CompletedProcess[str]:
    """.ci/run with a `make` that says what it was asked for, and fails at one target."""
    (folder / "bin").mkdir()
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci")
    make = folder / "bin" / "make"
    make.write_text(f'#!/bin/sh\necho "$@"\nif [ "$1" = {fails} ]; then exit 3; fi\n', encoding="utf-8")
    make.chmod(0o755)
    environment = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    return subprocess.run(
        ["bash", folder / ".ci" / "run"], env=environment, capture_output=True, text=True, check=False
    )


def lock(name: str) -> dict[str, str]:
    """The packages of a lock with their versions."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.M)}


def asked(*files: str, extras: tuple[str, ...] = ()) -> list[Requirement]:
    """What pyproject.toml and files of requirements ask for by name."""
    lines = [*PROJECT["project"]["dependencies"]] if files and files[0] != "models.in" else []
    lines += chain.from_iterable(PROJECT["project"]["optional-dependencies"][extra] for extra in extras)
    for file in files:
        lines += (ROOT / "requirements" / file).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("core", asked("core.in")),
        ("full", asked("core.in", "dev.in", "constraints.txt", extras=EXTRAS)),
        ("models", asked("models.in")),
    ],
)
def test_a_lock_has_what_is_asked_for_in_a_version_that_fits(name: str, wanted: list[Requirement]) -> None:
    locked = lock(name)
    for requirement in wanted:
        if requirement.name != "torch":
            version = locked.get(canonicalize_name(requirement.name), "")
            assert version, f"requirements/{name}.txt lacks {requirement}: run `make lock`"
            assert requirement.specifier.contains(version, prereleases=True), f"{requirement}, locked {version}"


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_a_hash_for_each_package_and_names_no_place(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    for entry in text.replace("\\\n", " ").splitlines():
        assert re.fullmatch(r"[\w.-]+==\S+( +--hash=sha256:[0-9a-f]{64})+", entry.strip()), entry[:200]


def test_the_core_is_a_part_of_the_whole() -> None:
    assert lock("core").items() <= lock("full").items()


def test_no_cuda_library_is_locked_and_torch_stands_apart() -> None:
    """Triton stays: Axolotl imports it on a CPU, too."""
    assert [name for name in lock("full") if re.match(r"torch$|cuda-|nvidia-(?!ml-py)", name)] == []
    (pinned,) = re.findall(r"^TORCH := (\S+)$", MAKEFILE, re.M)
    assert pinned in PROJECT["project"]["optional-dependencies"]["train"]
    assert pinned in (ROOT / "requirements" / "constraints.txt").read_text(encoding="utf-8").splitlines()
