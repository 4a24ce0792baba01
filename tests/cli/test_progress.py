"""The lines of progress where standard error is no terminal."""

from __future__ import annotations

import time

import pytest

from harness.cli import progress
from harness.cli.progress import ProgressPrinter
from harness.core.events import Event


def test_a_step_says_how_long_the_rest_takes(capfd: pytest.CaptureFixture[str]) -> None:
    with ProgressPrinter() as watch:
        watch(Event("triage", "begin", "run 2 of 5", seconds_left=130.0))
        watch(Event("triage", "done", "abc"))
    lines = capfd.readouterr().err.splitlines()
    assert lines[0] == "… triage                 run 2 of 5, about 2 min 10 s left"
    assert lines[1].startswith("✓ triage                 abc (")


def test_a_step_with_nothing_to_count_is_not_silent(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SILENCE_SECONDS", 0.0)
    monkeypatch.setattr(progress, "BEAT_SECONDS", 0.01)
    err = ""
    with ProgressPrinter() as watch:
        watch(Event("base model", "begin", "converting"))
        while "still running after" not in err:
            err += capfd.readouterr().err
            time.sleep(0.01)
        watch(Event("base model", "done"))
        capfd.readouterr()
        time.sleep(0.1)
    assert capfd.readouterr().err == ""


def test_a_quiet_printer_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with ProgressPrinter(quiet=True) as watch:
        watch(Event("train", "begin"))
        watch(Event("train", "move", done=1, total=2))
    assert capfd.readouterr().err == ""
