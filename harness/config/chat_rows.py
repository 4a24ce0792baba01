"""Training rows: each a conversation that ends with the assistant, and none of them a sample of a suite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.config.rows import Row, read_rows
from harness.config.samples import MAX_PROBLEMS_OF_A_FILE
from harness.config.schema import TrainFile
from harness.config.templates import normalised, render
from harness.core.errors import Problem
from harness.core.suites import Suite

ROLES = ("system", "user", "assistant", "tool")


def chat_row_problems(root: Path, shown_as: str) -> list[Problem]:
    """What is wrong with the rows of a chat file, line by line."""
    rows, problems = read_rows(root / shown_as, shown_as)
    for row in rows:
        wrong = _wrong(row.value)
        if wrong:
            problems.append(Problem(wrong, file=shown_as, line=row.line))
    rest = len(problems) - MAX_PROBLEMS_OF_A_FILE
    more = [Problem(f"and {rest} more problems like these.", file=shown_as)] if rest > 0 else []
    return problems[:MAX_PROBLEMS_OF_A_FILE] + more


def leak_problems(root: Path, train: TrainFile | None, suites: tuple[Suite, ...], tolerated: int = 0) -> list[Problem]:
    """Samples of the suites whose user turn also stands in the training or validation rows, where they are too many."""
    asked = dict(_asked(suites)) if train else {}
    found: list[Problem] = []
    names: set[str] = set()
    for path in (train.data, train.validation) if train else ():
        if path is None or not (root / path).is_file():
            continue
        for row in read_rows(root / path, path)[0]:
            leaked = [name for name in map(asked.get, _user_turns(row)) if name]
            if leaked:
                message = f"the row holds the test sample {leaked[0]}: a model can't be judged on what it was taught."
                names.update(leaked)
                found.append(Problem(message, file=path, line=row.line))
    if len(names) <= tolerated:
        return []
    return found[:MAX_PROBLEMS_OF_A_FILE]


def _wrong(row: Mapping[str, object]) -> str | None:
    turns = row.get("messages")
    if not isinstance(turns, list) or not turns:
        return "the row has no 'messages' (a list of turns)."
    for turn in turns:
        if not isinstance(turn, dict) or turn.get("role") not in ROLES:
            return f"each turn needs a 'role' ({', '.join(ROLES)}) and a 'content'."
        if not isinstance(turn.get("content"), str):
            return f"the content of the {turn['role']} turn is not text."
    if turns[-1]["role"] != "assistant" or not turns[-1]["content"].strip():
        return "the last turn must be the assistant's, and not empty: it is what the model learns."
    return None


def _asked(suites: tuple[Suite, ...]) -> Iterator[tuple[str, str]]:
    for suite in suites:
        for task in suite.tasks:
            for sample in task.samples if task.prompt else ():
                try:
                    text = normalised(render(task.prompt.user, sample.row)) if task.prompt else ""
                except ValueError:
                    continue  # told with the row itself
                yield text, f"{sample.id} of {suite.name}.{task.name}"


def _user_turns(row: Row) -> Iterator[str]:
    turns = row.value.get("messages")
    for turn in turns if isinstance(turns, list) else []:
        if isinstance(turn, dict) and turn.get("role") == "user" and isinstance(turn.get("content"), str):
            yield normalised(turn["content"])
