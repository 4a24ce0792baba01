"""How a session of tests is cut into parts, grouped, timed and limited."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

from tests.parts import SECONDS, parse_part, part_of, seconds_of

pytestmark = pytest.mark.timeout(600)  # whole pytest processes, on a machine however busy
ROOT = Path(__file__).parents[1]
CONFTEST = """
from tests import limits
limits.LIMIT = 0.2
from tests.conftest import pytest_addoption, pytest_configure
"""
TESTS = """
import subprocess, sys, time
import pytest

BUSY = "import time\\nwhile time.process_time() < 0.5: pass"

def test_computes():
    exec(BUSY.replace("0.5", str(time.process_time() + 0.5)))

def test_computes_in_a_child():
    subprocess.run([sys.executable, "-c", BUSY], check=True)

def test_waits():
    time.sleep(0.5)

@pytest.mark.slow
def test_may_compute():
    subprocess.run([sys.executable, "-c", BUSY], check=True)
"""


def session(folder: Path, *words: str, **files: str) -> subprocess.CompletedProcess[str]:
    """A pytest with the options of these tests."""
    for name, text in {"conftest": CONFTEST, **files}.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    markers = "\n".join(f"  {name}: a marker" for name in ("slow", "e2e", "browser", "gpu", "network"))
    (folder / "pytest.ini").write_text(f"[pytest]\nmarkers =\n{markers}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "-p", "xdist", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_an_unmarked_test_may_not_compute_for_long_and_all_are_timed(tmp_path: Path, workers: str) -> None:
    done = session(tmp_path, "-n", workers, "--limits", "--durations-file", "out/times.json", test_it=TESTS)
    assert done.returncode == 1, done.stdout + done.stderr
    failed = sorted(line.split()[1] for line in done.stdout.splitlines() if line.startswith("FAILED"))
    assert failed == ["test_it.py::test_computes", "test_it.py::test_computes_in_a_child"]
    assert "make it quicker, or mark it `slow`" in done.stdout
    times = json.loads((tmp_path / "out" / "times.json").read_text(encoding="utf-8"))
    assert sorted(name for name, one in times.items() if one["call_cpu"] >= 0.3) == [
        "test_it.py::test_computes",
        "test_it.py::test_computes_in_a_child",
        "test_it.py::test_may_compute",
    ]
    assert times["test_it.py::test_waits"]["wall"] >= 0.5


def test_without_the_option_nothing_is_limited(tmp_path: Path) -> None:
    assert session(tmp_path, "-n", "0", test_it=TESTS).returncode == 0


def test_the_parts_have_every_test_once(tmp_path: Path) -> None:
    files = {f"test_{number}": "def test_a(): ...\ndef test_b(): ...\n" for number in range(3)}
    parts = [session(tmp_path, "-n", "0", "--part", f"{part}/2", **files).stdout for part in range(2)]
    ran = [[line.split()[0] for line in text.splitlines() if line.endswith("%]")] for text in parts]
    assert all(ran)
    assert sorted(chain.from_iterable(ran)) == [f"{name}.py::test_{which}" for name in sorted(files) for which in "ab"]


def test_the_longest_files_are_shared_out_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.parts.SECONDS", {"a": 90.0, "b": 60.0, "c": 30.0})
    assert part_of({"c": 9, "unknown": 2, "b": 1, "a": 1}, 2) == {"a": 0, "b": 1, "c": 1, "unknown": 0}


def test_a_file_takes_as_long_as_its_tests() -> None:
    durations = {"a.py::x": {"cpu": 1.24, "wall": 9.0}, "a.py::y[::]": {"cpu": 2.0}, "b.py::x": {"cpu": 0.5}}
    assert seconds_of(durations) == {"a.py": 3.2, "b.py": 0.5}
    assert seconds_of(durations, {"a.py"}) == {"a.py::x": 1.2, "a.py::y[::]": 2.0, "b.py": 0.5}


def test_no_part_of_the_slow_tests_is_much_longer_than_another() -> None:
    chosen = part_of(dict.fromkeys(SECONDS, 1), 4)
    loads = [sum(SECONDS[file] for file, part in chosen.items() if part == which) for which in range(4)]
    assert max(loads) <= max(sum(loads) / 4 * 1.25, max(SECONDS.values(), default=0.0))
    gone = [group for group in SECONDS if not (ROOT / group.partition("::")[0]).is_file()]
    assert gone == [], "tests/slow_seconds.json"


@pytest.mark.parametrize("text", ["4/4", "1", "a/4", "-1/4", "1/0"])
def test_a_part_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(pytest.UsageError, match=f"--part {text}: write PART/PARTS"):
        parse_part(text)


def test_what_waits_starts_first_and_stays_together(tmp_path: Path) -> None:
    plain = "def test_plain(): ...\n"
    waiting = "import pytest\npytestmark = pytest.mark.e2e\ndef test_a(): ...\ndef test_b(): ...\n"
    words = ("-n", "1", "--dist", "loadfile", "--no-loadscope-reorder")
    done = session(tmp_path, *words, test_a=plain, test_b=waiting, test_c=plain)
    ran = [line.split()[-1] for line in done.stdout.splitlines() if "PASSED" in line]
    assert ran == [
        "test_b.py::test_a",
        "test_b.py::test_b",
        *(f"test_{x}.py::test_plain" for x in "ac"),
    ]
