"""The examples that ship are valid, and what is outside the config files is checked too."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import ConfigError, ExitCode
from harness.pipeline.validate import validate
from tests.projects import Project

ROOT = Path(__file__).parents[2]


def test_the_example_release_is_valid() -> None:
    release = validate(ROOT / "release.yaml")
    assert [suite.name for suite in release.suites] == ["triage", "orders", "summaries", "general", "robustness"]
    assert [len(task.samples) for suite in release.suites for task in suite.tasks] == [240, 90, 40, 0, 240, 40]


def test_problems_are_a_config_error_with_each_told_once(desk: Project) -> None:
    desk.swap("release.yaml", "validation: data/validation.jsonl", "validation: data/train.jsonl")
    desk.swap("data/train.jsonl", "message 600", "message 1")
    with pytest.raises(ConfigError) as caught:
        validate(desk.root / "release.yaml")
    assert caught.value.exit_code == ExitCode.CONFIG
    assert [problem.line for problem in caught.value.problems] == [1]


@pytest.mark.parametrize("base", ["demo:none", "no/such/folder", "org/name", "org/name@main", ""])
def test_a_base_model_that_cannot_be_is_told(desk: Project, base: str) -> None:
    desk.swap("release.yaml", "demo:smollm2-135m-instruct", f'"{base}"')
    assert len(desk.problems()) == 1


@pytest.mark.parametrize("old", ["lora_r: 8", "path: data/train.jsonl", "type: chat_template"])
def test_the_axolotl_config_is_checked_at_any_depth(desk: Project, old: str) -> None:
    line = desk.swap("lora.yaml", old, f"x{old}")
    assert any(text.startswith(f"lora.yaml:{line}: ") and "Did you mean" in text for text in desk.problems())


def test_the_folder_that_one_stands_in_does_not_matter(desk: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert desk.problems() == []
    monkeypatch.chdir(desk.root / "suites")
    assert validate(Path("../release.yaml")).root == desk.root.resolve()
