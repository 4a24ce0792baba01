"""How long each test takes, into a file, and a limit for tests that no marker says to be long.

Measured is processor time (tests.cpu), so that the verdict is the same on a busy machine.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.cpu import cpu_seconds

LIMIT = 20.0
LONG = ("slow", "e2e", "browser", "gpu", "network")
"""Markers of tests that may take longer; a test holds them against pyproject.toml."""

CPU = pytest.StashKey[float]()


class Limits:
    """Times every phase of every test. `strict`: an unmarked test whose call takes over 20 s of processor time fails.

    `file`: where the session writes what it timed; with xdist it is written once, by the process that hands out tests.
    """

    def __init__(self, file: Path | None, strict: bool) -> None:
        self.file, self.strict = file, strict
        self.times: dict[str, dict[str, float]] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None]:
        return (yield from _timed(item))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None]:
        return (yield from _timed(item))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None]:
        return (yield from _timed(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        report.cpu = seconds = item.stash.get(CPU, 0.0)  # type: ignore[attr-defined]
        too_long = report.when == "call" and report.passed and seconds > LIMIT
        if self.strict and too_long and not any(map(item.get_closest_marker, LONG)):
            report.outcome = "failed"
            report.longrepr = (
                f"{item.location[0]}:{(item.location[1] or 0) + 1}: took {seconds:.1f} s of processor time, and a test "
                f"without a marker may take {LIMIT:.0f} s: make it quicker, or mark it `slow` for `make test-slow`"
            )
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        times = self.times.setdefault(report.nodeid.partition("@tests/")[0], {"wall": 0.0, "cpu": 0.0, "call_cpu": 0.0})
        cpu = getattr(report, "cpu", 0.0)
        times["wall"] += report.duration
        times["cpu"] += cpu
        times["call_cpu"] += cpu if report.when == "call" else 0.0

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.file is None or hasattr(session.config, "workerinput"):
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        longest = sorted(self.times.items(), key=lambda pair: -pair[1]["cpu"])
        rounded = {test: {key: round(value, 3) for key, value in times.items()} for test, times in longest}
        lines = ",\n".join(f"{json.dumps(test)}: {json.dumps(times)}" for test, times in rounded.items())
        self.file.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def _timed(item: pytest.Item) -> Generator[None]:
    before = max(cpu_seconds(), cpu_seconds())  # one reading misses the children of a thread that ends meanwhile
    try:
        return (yield)
    finally:
        item.stash[CPU] = max(0.0, cpu_seconds() - before)
