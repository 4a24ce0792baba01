"""docs/ci.md: its workflows are YAML, its commands and exit codes are those that there are."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
from pathlib import Path
from typing import Any

import yaml

from harness.core.errors import ExitCode

TEXT = (Path(__file__).parents[1] / "docs" / "ci.md").read_text(encoding="utf-8")
EXAMPLES: list[Any] = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", TEXT, re.M | re.S)]


def commands(value: object) -> list[str]:
    """Every line of an example that runs harness."""
    if isinstance(value, dict):
        return [line for key, inner in value.items() if key != "name" for line in commands(inner)]
    if isinstance(value, list):
        return [line for inner in value for line in commands(inner)]
    return re.findall(r"^\s*(harness [a-z].*?)(?: \|\| .*)?$", value, re.M) if isinstance(value, str) else []


def test_every_example_is_yaml_and_its_commands_are_understood() -> None:
    found = [command for example in EXAMPLES for command in commands(example)]
    assert len(EXAMPLES) == 3
    assert len(found) == 7
    for command in found:
        _, name, *words = shlex.split(command)
        parser = argparse.ArgumentParser(exit_on_error=False)
        importlib.import_module(f"harness.cli.{name}").arguments(parser)
        parser.parse_args(words)


def test_the_table_has_every_exit_code() -> None:
    table = {int(code): meaning for code, meaning in re.findall(r"^\| (\d+) \| (.*?) \|", TEXT, re.M)}
    assert sorted(table) == sorted(ExitCode)
    for code in (ExitCode.PASS, ExitCode.FAIL, ExitCode.INCONCLUSIVE):
        assert table[code].startswith(code.name)


def test_secrets_stay_with_the_job_that_forks_do_not_start() -> None:
    workflow = EXAMPLES[0]
    triggers = workflow[True]  # YAML 1.1 reads the key `on` as true
    assert "pull_request_target" not in triggers
    assert "secrets." not in str(workflow["jobs"]["plan"])
    assert "head.repo.full_name == github.repository" in workflow["jobs"]["gate"]["if"]
    assert EXAMPLES[2]["gate"]["allow_failure"] == {"exit_codes": int(ExitCode.INCONCLUSIVE)}
