"""The files that a local lm-eval task rests on."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config.lm_eval_files import lm_eval_digest
from harness.config.lm_eval_groups import group_problem, shipped_group
from harness.config.source import load_yaml

FILES = {
    "lm/_shared_yaml": "dataset_path: json\ndataset_kwargs: {data_files: {test: rows.jsonl}}\n",
    "lm/law.yaml": "task: law\ntag: [exams]\ninclude: _shared_yaml\nprocess_docs: !function helpers.clean\n",
    "lm/art.yaml": "task: art\ninclude: _shared_yaml\n",
    "lm/all.yaml": "group: all\ntask: [law, art]\n",
    "lm/helpers.py": "def clean(docs): return docs\n",
    "rows.jsonl": '{"a": 1}\n',
    "suite.yaml": "name: s\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def digest(root: Path, task: str) -> str:
    found, problems = lm_eval_digest(root, task, "lm", load_yaml(root / "suite.yaml", "suite.yaml"), ("tasks",))
    assert problems == []
    return found


@pytest.mark.parametrize("task", ["law", "art", "all", "exams"])
def test_tasks_groups_and_tags_are_known(folder: Path, task: str) -> None:
    assert digest(folder, task)


def test_another_name_is_a_problem(folder: Path) -> None:
    source = load_yaml(folder / "suite.yaml", "suite.yaml")
    (problem,) = lm_eval_digest(folder, "alll", "lm", source, ("tasks",))[1]
    assert str(problem).endswith("no file in 'lm' declares the task 'alll'. Did you mean 'all'?")


@pytest.mark.parametrize("name", [name for name in FILES if name != "suite.yaml"])
def test_every_file_that_a_task_rests_on_changes_its_digest(folder: Path, name: str) -> None:
    before = digest(folder, "all")
    with (folder / name).open("a") as file:
        file.write('{"a": 2}\n' if name.endswith("jsonl") else "# more\n")
    assert digest(folder, "all") != before


RULES = {
    "{metric: acc, weight_by_size: true}": None,
    "{metric: acc, aggregation: mean, weight_by_size: false}": "weighs its tasks alike for acc (weight_by_size: false)",
    "{metric: acc}": "does not say 'weight_by_size' for acc, which lm-eval's versions take differently",
    "{metric: acc, aggregation: !function helpers.mine, weight_by_size: true}": "aggregates acc by a rule of its own",
}


@pytest.mark.parametrize(("rule", "said"), RULES.items())
def test_a_group_that_lm_eval_aggregates_otherwise_is_refused(folder: Path, rule: str, said: str | None) -> None:
    (folder / "lm/all.yaml").write_text(f"group: all\ntask: [law, art]\naggregate_metric_list: [{rule}]\n")
    source = load_yaml(folder / "suite.yaml", "suite.yaml")
    problems = lm_eval_digest(folder, "all", "lm", source, ("tasks",))[1]
    assert [str(problem) for problem in problems] == [
        f"suite.yaml:1: the group 'all' {said}; a metric here is the mean over the samples of all its tasks, which is "
        "another number. Ask each of its tasks in a task of its own, and gate each."
    ] * (said is not None)


def test_the_rule_of_the_score_that_counts_is_the_one_that_is_read() -> None:
    alike = {"metric": "exact_match", "weight_by_size": False, "filter_list": ["strict"]}
    sized = {"metric": "exact_match", "weight_by_size": True, "filter_list": "loose"}
    group = {"group": "g", "aggregate_metric_list": [alike, sized, {"metric": "acc_norm", "weight_by_size": True}]}
    assert group_problem("g", [group], "acc_norm") is None
    assert group_problem("g", [group], "exact_match,loose") is None
    assert "alike for exact_match" in str(group_problem("g", [group], "exact_match,strict"))
    assert "alike for exact_match" in str(group_problem("g", [group], None))
    assert "alike for exact_match" in str(group_problem("g", [group], "f1")), "a score that the group does not name"
    assert group_problem("other", [group], None) is None


def test_groups_that_lm_eval_ships_are_known_before_anything_is_asked() -> None:
    pytest.importorskip("lm_eval")
    assert group_problem("mmlu", shipped_group("mmlu"), None) is None
    assert "weighs its tasks alike" in str(group_problem("longbench", shipped_group("longbench"), "score"))
    assert shipped_group("no such group") == []
