"""People's answers to a task's samples, from JSON Lines of {"id", "answer"}."""

from __future__ import annotations

from pathlib import Path

from harness.config.rows import read_rows
from harness.core.errors import Problem
from harness.core.suites import Task


def read_answers(root: Path, path: Path, task: Task) -> tuple[dict[str, str], list[Problem]]:
    """Sample id to the answer's text, and every problem: each sample needs exactly one answer."""
    shown_as = str(path)
    rows, problems = read_rows(root / path, shown_as)
    known = {sample.id for sample in task.samples}
    found: dict[str, str] = {}
    for row in rows:
        name, answer = row.value.get("id"), row.value.get("answer")
        if not isinstance(name, str | int) or isinstance(name, bool) or not isinstance(answer, str):
            problems.append(Problem("a row needs an 'id' and an 'answer' (text).", file=shown_as, line=row.line))
        elif str(name) not in known:
            problems.append(Problem(f"no sample has the id '{name}'.", file=shown_as, line=row.line))
        elif str(name) in found:
            problems.append(Problem(f"the id '{name}' stands twice.", file=shown_as, line=row.line))
        else:
            found[str(name)] = answer
    missing = [sample.id for sample in task.samples if sample.id not in found]
    if missing and not problems:
        message = f"{len(missing)} samples have no answer (the first: '{missing[0]}'); each needs one."
        problems.append(Problem(message, file=shown_as))
    return found, problems
