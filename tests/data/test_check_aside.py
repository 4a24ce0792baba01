"""A process beside this one gives what this one gives, in order, and is gone at the end."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest

from harness.core.errors import OutsideError
from harness.data import aside
from harness.data.checks.patterns import masks


def added(monkeypatch: pytest.MonkeyPatch, here: int) -> aside.Aside:
    monkeypatch.setattr(aside, "HERE", here)
    monkeypatch.setattr(aside, "_cores", lambda: 2)
    found = aside.Aside(masks)
    for start in range(0, 60, 5):
        found.add([f"my order {number} of kettles is late, Ana" for number in range(start, start + 5)])
    return found


def add_more(beside: aside.Aside) -> None:
    for _ in range(20):
        beside.add(["x"] * 5)


def test_it_gives_the_same_in_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    beside = added(monkeypatch, 10)
    assert len(multiprocessing.active_children()) == 1
    assert beside.results() == added(monkeypatch, 1000).results()
    assert multiprocessing.active_children() == []


def test_a_killed_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    beside = added(monkeypatch, 10)
    [child] = multiprocessing.active_children()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    with pytest.raises(OutsideError, match="was killed"):
        add_more(beside)
