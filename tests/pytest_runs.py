"""Whole pytest runs with the plugin: in this process, as pytest tests its own plugins, or in one of their own."""

from __future__ import annotations

import gc
import io
import subprocess
import sys
import xml.etree.ElementTree as ET
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.projects import ENVIRONMENT

ALONE = {**ENVIRONMENT, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a pytest ended: exit code, output, and for each item of the JUnit file its ending and message."""

    code: int
    output: str
    items: dict[str, tuple[str, str]]
    decisions: set[str]

    @property
    def endings(self) -> dict[str, str]:
        return {name: ending for name, (ending, _) in self.items.items()}


def settle() -> None:
    """Take all that lives by now out of what the garbage collector looks at.

    pytest collects garbage when it ends, and a process with thousands of tests and torch has millions of objects.
    """
    gc.collect()
    gc.freeze()


def run(folder: Path, *words: str) -> Ended:
    """A pytest in this process with this plugin and xdist, and with all warnings as errors."""
    paths, modules, out = list(sys.path), set(sys.modules), io.StringIO()
    settle()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(out):
        patch.chdir(folder)
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        patch.setattr(sys, "dont_write_bytecode", True)
        try:
            code = pytest.main(["-p", "no:faulthandler", *_command(folder, words)])  # that one is the outer pytest's
        finally:
            sys.path[:] = paths
            for name in set(sys.modules) - modules:
                if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
                    del sys.modules[name]
    return _ended(folder, int(code), out.getvalue())


def run_alone(folder: Path, *words: str) -> Ended:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "pytest", *_command(folder, words)]
    done = subprocess.run(command, cwd=folder, env=ALONE, capture_output=True, text=True, check=False)
    return _ended(folder, done.returncode, done.stdout + done.stderr)


def collected(folder: Path, *words: str) -> list[str]:
    """The ids of what would run."""
    return [line for line in run(folder, "--collect-only", "-q", *words).output.splitlines() if "::" in line]


def _command(folder: Path, words: tuple[str, ...]) -> list[str]:
    plugins = ["-p", "harness.pytest_plugin", "-p", "xdist", "-p", "no:cacheprovider", "-W", "error"]
    return [*plugins, "--strict-markers", f"--junitxml={folder / 'junit.xml'}", *words]


def _ended(folder: Path, code: int, output: str) -> Ended:
    junit = folder / "junit.xml"
    cases = list(ET.parse(junit).iter("testcase")) if junit.is_file() else []
    junit.unlink(missing_ok=True)
    items = {case.attrib["name"]: _ending(case) for case in cases}
    decisions = {found.attrib["value"] for case in cases for found in case.iter("property")}
    return Ended(code, output, items, decisions)


def _ending(case: ET.Element) -> tuple[str, str]:
    found = [one for one in case if one.tag in ("failure", "error", "skipped")]
    return (found[0].tag, found[0].attrib["message"]) if found else ("passed", "")
