"""The examples that ship are valid, and what is outside the config files is checked too."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.devices import has_gpu
from harness.core.errors import ConfigError, ExitCode
from harness.pipeline.validate import validate, warnings
from tests.base_models.test_adapters import adapter, base
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


def test_a_given_adapter_for_another_base_is_told_with_its_line(desk: Project) -> None:
    text = desk.read("release.yaml")
    start, end = text.index("  train:"), text.index("serve:")
    text = text[:start] + "  adapter: adapter\n" + text[end:]
    desk.write("release.yaml", text.replace("demo:smollm2-135m-instruct", "base"))
    for folder, make in (("base", base), ("adapter", adapter)):
        make(desk.root / folder, hidden=8 if folder == "base" else 16)
    for name in ("config.json", "tokenizer.json"):
        desk.write(f"base/{name}", "{}")
    (problem,) = desk.problems()
    assert problem.startswith("release.yaml:5: the adapter 'adapter': it was trained on another base model")
    adapter(desk.root / "adapter")
    assert desk.problems() == []


def test_what_needs_a_gpu_is_a_warning_where_there_is_none(desk: Project) -> None:
    if has_gpu():
        pytest.skip("there is a GPU here")
    line = desk.swap("lora.yaml", "lora_r: 8\n", "lora_r: 8\nsample_packing: true\n") + 1
    told = warnings(validate(desk.root / "release.yaml"))
    (said,) = [one for one in told if "needs a GPU" in one]
    assert said.startswith(f"lora.yaml:{line}: warning: 'sample_packing: True' needs a GPU")
    desk.swap("release.yaml", "    axolotl: lora.yaml\n", "    axolotl: lora.yaml\n    launcher: docker\n")
    assert not [one for one in warnings(validate(desk.root / "release.yaml")) if "needs a GPU" in one]
