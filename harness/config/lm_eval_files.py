"""The files that a local lm-eval task rests on: its YAML and the data that it names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.config.lm_eval_groups import group_problem, read_lm_eval, shipped_group
from harness.config.rows import read_rows
from harness.config.source import Source, Where, nearest
from harness.core.errors import Problem
from harness.core.ids import digest_file, digest_json

GATE_EACH = "Ask each of its tasks in a task of its own, and gate each."


def lm_eval_digest(
    root: Path, task: str, include: str | None, source: Source, at: Where, score: str | None = None
) -> tuple[str, list[Problem]]:
    """A digest over the task's files, and every problem that can be seen without running lm-eval."""
    if include is None:  # a task that lm-eval itself ships: its version is stored with the run
        wrong = group_problem(task, shipped_group(task), score)
        return digest_json({"task": task}), [source.problem((*at, "task"), wrong, GATE_EACH)] if wrong else []
    folder = root / include
    if not folder.is_dir():
        return "", [source.problem((*at, "include"), f"the folder '{include}' does not exist.")]
    files = {str(path.relative_to(root)): path for path in sorted(folder.rglob("*")) if _counts(path)}
    values = [value for value in map(_read, files.values()) if isinstance(value, Mapping)]
    tasks = list(dict.fromkeys(name for value in values for name in _names(value)))
    if task not in tasks:
        hint = nearest(task, tasks) or f"It has: {', '.join(tasks) or 'no task'}."
        return "", [source.problem((*at, "task"), f"no file in '{include}' declares the task '{task}'.", hint)]
    wrong = group_problem(task, values, score)
    if wrong:
        return "", [source.problem((*at, "task"), wrong, GATE_EACH)]
    # A task may take its data from a file that it includes, so the data of the whole folder count.
    named = sorted({name for value in values for name in _data_files(value)})
    problems = [problem for name in named for problem in read_rows(root / name, name)[1]]
    if problems:
        return "", problems
    digests = {name: digest_file(path) for name, path in files.items()} | {n: digest_file(root / n) for n in named}
    return digest_json({"task": task, "files": digests}), []


def _counts(path: Path) -> bool:
    """Tasks, their functions, and the files that tasks include (lm-eval's own end in `_yaml`, without a dot)."""
    return path.is_file() and path.name.endswith(("yaml", ".py"))


def _names(value: Mapping[str, Any]) -> list[str]:
    """What a file declares: a task, or a group of tasks; and the tags by which its task can be asked for."""
    if "group" in value:
        return [str(value["group"])]
    tags = value.get("tag") or []
    named = [value.get("task"), *(tags if isinstance(tags, list) else [tags])]
    return [name for name in named if isinstance(name, str)]


def _read(path: Path) -> Any:
    return None if path.suffix == ".py" else read_lm_eval(path)


def _data_files(task: Mapping[str, Any]) -> list[str]:
    arguments = task.get("dataset_kwargs")
    files = arguments.get("data_files") if isinstance(arguments, Mapping) else None
    named = list(files.values()) if isinstance(files, Mapping) else [files] if files else []
    flat = [name for item in named for name in (item if isinstance(item, list) else [item])]
    return [str(name) for name in flat if not str(name).startswith(("http:", "https:", "hf:"))]
