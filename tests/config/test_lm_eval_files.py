"""The files that a local lm-eval task rests on."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config.lm_eval_files import lm_eval_digest
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
