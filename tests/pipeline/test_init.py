"""`harness init` writes projects that validate as they stand, and never overwrites."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import catalog
from harness.core.errors import ConfigError
from harness.core.metric_refs import metric_refs
from harness.gates.interface import Rule
from harness.pipeline.init import KINDS, init
from harness.pipeline.validate import validate


@pytest.mark.parametrize("kind", KINDS)
def test_a_starter_is_valid_as_it_stands(kind: str, tmp_path: Path) -> None:
    written = init(kind, tmp_path / "My Desk")
    release = validate(tmp_path / "My Desk" / "release.yaml")
    assert release.name == "my-desk"
    there = sorted(str(path.relative_to(tmp_path / "My Desk")) for path in tmp_path.rglob("*") if path.is_file())
    assert written == there
    (task,) = release.suites[0].tasks
    assert task.kind == kind
    train = (tmp_path / "My Desk/data/train.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(train) == len(task.examples)
    assert all(json.loads(line)["messages"][-1]["role"] == "assistant" for line in train)


@pytest.mark.parametrize("kind", KINDS)
def test_a_starter_has_samples_enough_for_its_gates_to_pass(kind: str, tmp_path: Path) -> None:
    from harness.stats.power import least_for_rate

    init(kind, tmp_path)
    release = validate(tmp_path / "release.yaml")
    refs = metric_refs(release.suites)
    (task,) = release.suites[0].tasks
    for gate in release.policy.gates:
        plug: type[Rule] = catalog.plug("metrics", refs[gate.metric].metric)
        if plug.aggregate == "rate" and gate.rule == "at_least":  # type: ignore[attr-defined]
            assert len(task.samples) >= max(30, least_for_rate(gate.threshold, release.policy.alpha)), gate.id


@pytest.mark.parametrize("there", ["release.yaml", "data/train.jsonl", ".gitignore"])
def test_init_overwrites_nothing_and_then_writes_nothing(there: str, tmp_path: Path) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("mine")
    with pytest.raises(ConfigError) as caught:
        init("classify", tmp_path)
    assert [str(problem) for problem in caught.value.problems] == [
        f"{there}: this file is here already; init overwrites nothing."
    ]
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["mine"]


@pytest.mark.parametrize("name", ["2024", "Überblick", "_x", "a" * 200, "日本"])
def test_any_folders_name_makes_a_release_name(name: str, tmp_path: Path) -> None:
    init("classify", tmp_path / name)
    assert validate(tmp_path / name / "release.yaml").suites


def test_a_place_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot write in"):
        init("classify", tmp_path / "file")
