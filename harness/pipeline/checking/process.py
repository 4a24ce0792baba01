"""The process that makes hand-written checks: a pytest that knows nothing but the files and what was judged."""

from __future__ import annotations

import contextlib
import os
import pickle
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.core.decisions import Decision
from harness.core.releases import Release
from harness.pipeline.judging.judge import Judgement

_ENDED = (0, 1, 5)  # all passed, some failed, none there: in each of them pytest came to its end
_MARKS = ("failure", "error", "skipped")


@dataclass(frozen=True, slots=True)
class Made:
    """A test as pytest reports it. `module` is its file's path, dotted, with its own name after it.

    `ending` is "passed", "failure", "error" or "skipped"; `message` and `text` are what pytest says of it. `line`
    counts from 1.
    """

    module: str
    ending: str
    message: str
    text: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Process:
    """How the process ended: its tests, and why it did not come to its end ("" where it did)."""

    made: tuple[Made, ...]
    broken: str


def make_checks(judgement: Judgement) -> Process:
    """Run the release's checks. The fixtures give them what was judged: they judge nothing themselves."""
    with TemporaryDirectory(prefix="harness-checks-") as name:
        folder = Path(name)
        junit, log = folder / "junit.xml", folder / "log"
        # The project's settings for pytest could leave checks out, and nobody signs for them.
        (folder / "pytest.ini").write_text("[pytest]\njunit_family = xunit1\n", encoding="utf-8")
        (folder / "judgement").write_bytes(pickle.dumps(judgement))
        code = _run(_command(judgement.release, folder, junit), judgement.release.root, log)
        try:
            cases = list(ET.parse(junit).iter("testcase"))
        except (OSError, ET.ParseError):
            cases = [ET.Element("testcase")]
        complete = code in _ENDED and all(case.get("name") for case in cases)  # a test that is cut off has no name
        broken = "" if complete else f"the checks' own process ended too early ({code}): {_last_words(log)}"
    return Process(tuple(_made(case) for case in cases if case.get("name")), broken)


def handed_over(path: Path) -> Judgement:
    """What `make_checks` left for the fixtures."""
    found: Judgement = pickle.loads(path.read_bytes())
    assert isinstance(found.decision, Decision)
    return found


def _command(release: Release, folder: Path, junit: Path) -> list[str]:
    """pytest with this harness's plugin alone; all files are tried, whatever is wrong with one of them."""
    command = [sys.executable, "-P", "-m", "pytest", "-c", str(folder / "pytest.ini"), f"--rootdir={release.root}"]
    command += ["-p", "harness.pytest_plugin", "-p", "no:cacheprovider", "--noconftest", "--color=no", "-q"]
    command += ["--continue-on-collection-errors", f"--junitxml={junit}", f"--harness-judgement={folder / 'judgement'}"]
    return [*command, *(f"./{path}" for path in release.checks)]


def _run(command: list[str], root: Path, log: Path) -> int:
    with log.open("wb") as out:
        # A group of its own, so that nothing that a check starts outlives it.
        child = subprocess.Popen(
            command, cwd=root, env=_environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            return child.wait()
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _environment() -> dict[str, str]:
    """The caller's, without what it tells a pytest; sets have one order, so that messages stay the same."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return kept | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


def _last_words(log: Path) -> str:
    """The last line that says something; the line that counts tests tells the time, too."""
    lines = (line.strip() for line in reversed(log.read_text(encoding="utf-8", errors="replace").split("\n")))
    return next((line for line in lines if line and not re.search(r" in \d+\.\d+s", line)), "it said nothing")


def _made(case: ET.Element) -> Made:
    module = ".".join(filter(None, (case.get("classname"), case.get("name"))))
    line = case.get("line")
    marks = [one for mark in _MARKS for one in case.iter(mark)]
    place = int(line) + 1 if line else None
    if not marks:
        return Made(module, "passed", "", "", place)
    return Made(module, marks[0].tag, marks[0].get("message", ""), marks[0].text or "", place)
