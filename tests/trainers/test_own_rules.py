"""Axolotl's own rules, asked of the real Axolotl; and every config that ships holds to them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.config.source import load_yaml
from harness.launchers import environment
from harness.trainers.axolotl import AxolotlTrainer, own_rules

CONFIGS = Path(__file__).parents[2] / "axolotl_configs"
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


ALL = """
import json, sys, yaml
from harness.trainers.axolotl.own_rules import MARK, refusals
found = {name: refusals(yaml.safe_load(open(name)), 8) for name in sys.argv[1:]}
print(MARK + json.dumps(found))
"""


def test_configs_that_ship_are_valid_for_axolotl_and_for_us() -> None:
    paths = sorted(CONFIGS.glob("*.yaml"))
    assert [AxolotlTrainer().check(path, path.name) for path in paths] == [[]] * len(paths)
    # In one process: loading Axolotl is the dear part.
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ALL, *map(str, paths)],
        env=environment(os.environ, track=False), capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = next(line for line in child.stdout.splitlines() if line.startswith(own_rules.MARK))
    assert json.loads(told.removeprefix(own_rules.MARK)) == {str(path): [] for path in paths}
    assert len(paths) >= 6


def test_what_would_hang_on_the_cards_is_found_on_a_laptop_with_its_line(tmp_path: Path) -> None:
    text = (CONFIGS / "qlora_70b_fsdp.yaml").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace("cpu_ram_efficient_loading: false", "cpu_ram_efficient_loading: true"))
    line = next(n for n, row in enumerate(wrong.read_text().splitlines(), 1) if "cpu_ram_efficient" in row)
    source = load_yaml(wrong, "wrong.yaml")
    found = own_rules.own_problems(source, source.value, 8, tmp_path / "kept")
    assert [(problem.file, problem.line) for problem in found] == [("wrong.yaml", line)]
    assert "deadlocks" in found[0].message


def test_an_answer_is_kept_and_another_config_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(own_rules, "_asked", lambda config, processes: asked.append(processes) or [])
    source = load_yaml(CONFIGS / "lora.yaml", "lora.yaml")
    for processes in (1, 1, 2):
        own_rules.own_problems(source, source.value, processes, tmp_path)
    assert asked == [1, 2]
    own_rules.own_problems(source, {**source.value, "lora_r": 32}, 1, tmp_path)
    assert asked == [1, 2, 1]
