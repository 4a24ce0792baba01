"""Rows of a task as chat rows for training: the very prompt that the suite asks with, and the right answer."""

from __future__ import annotations

import json
from pathlib import Path

from harness import catalog
from harness.config.samples import load_samples
from harness.config.schema import PromptFile, TaskFile
from harness.config.templates import messages
from harness.core.errors import ConfigError
from harness.pipeline.data.given import named_task


def chat_rows(root: Path, suite: str, rows: str, task_name: str | None) -> list[str]:
    """JSON lines `{"id", "messages"}` of a file of rows. Paths are relative to `root`.

    Raises ConfigError with every problem of the suite and of the rows.
    """
    task = named_task(root, suite, task_name)
    if task.prompt is None:
        raise ConfigError(f"the task '{task.name}' has no prompt, so no chat rows can be made for it.")
    kind = catalog.build("tasks", task.kind, task.arguments)
    prompt = PromptFile(user=task.prompt.user, system=task.prompt.system)
    file = TaskFile(kind=task.kind, target=task.target, prompt=prompt)
    samples, problems = load_samples(root, rows, file, kind)
    if problems:
        raise ConfigError(problems)
    turns = [
        [*messages(task.prompt, sample.row), {"role": "assistant", "content": kind.write(sample.target)}]
        for sample in samples
    ]
    values = [{"id": sample.id, "messages": turn} for sample, turn in zip(samples, turns, strict=True)]
    return [json.dumps(value, ensure_ascii=False) for value in values]
