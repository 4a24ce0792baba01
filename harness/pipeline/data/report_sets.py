"""The rows of a release by task and side: counted as they stream past, and a few of each kept to be held together."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from harness import catalog
from harness.config.templates import messages
from harness.core.releases import Release
from harness.core.samples import Sample
from harness.core.suites import Task
from harness.data.checks._portions import Portions, label_of, system_of
from harness.data.checks.length import token_lengths, turns_of
from harness.data.draw import Draw
from harness.data.drift import Drawn
from harness.data.rows import DataRow
from harness.report.data.numbers import RowSet
from harness.report.numbers import Lengths

MOST_DRAWN = 2_000
TEST = "test"


class Gathering:
    """One side of one task, row by row."""

    def __init__(self, task: str, side: str, seed: int) -> None:
        self.task, self.side = task, side
        self._draw, self._portions = Draw(MOST_DRAWN, seed), Portions()
        self._inputs, self._targets = array("q"), array("q")

    def look(self, rows: Sequence[DataRow]) -> None:
        """Take in the next rows."""
        self._draw.look(rows)
        for _ in self._portions.add(rows):
            pass
        self._inputs.extend(len(row.input) for row in rows)
        self._targets.extend(len(row.target) for row in rows if row.target)

    @property
    def drawn(self) -> Drawn:
        """The rows that stand for all, as texts and labels."""
        labelled = bool(self._labels())
        rows = self._draw.rows
        return Drawn(
            tuple(row.input for row in rows), tuple((label_of(row) or None) if labelled else None for row in rows)
        )

    def numbers(self, tokenizer: Any, context: int | None) -> RowSet:
        """All of it in numbers; `tokenizer` None where there is none here."""
        rows = self._draw.rows
        whole = tokenizer and len(self._targets)  # rows without answers are not as long as what is trained on
        tokens = token_lengths(tokenizer, [turns_of(row) for row in rows]) if whole else []
        return RowSet(
            self.task,
            self.side,
            len(self._inputs),
            dict(self._labels().most_common()),
            _lengths(self._inputs) or Lengths(0, 0, 0, 0),
            _lengths(self._targets),
            _lengths(tokens),
            len(tokens),
            sum(length > context for length in tokens) if context else 0,
        )

    def _labels(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for portion in self._portions:
            found.update(portion.labels or {} if portion.are_labels else {})
        return found


class Gatherings:
    """All sides of all tasks. A row is of the task whose system prompt it has; of "" where that is no task's."""

    def __init__(self, release: Release) -> None:
        self._seed = release.seed
        self._tasks = dict[str, str]()
        for name, task in prompted(release).items():
            if task.prompt and task.prompt.system:
                self._tasks.setdefault(task.prompt.system, name)
        self.all: dict[tuple[str, str], Gathering] = {}

    def look(self, rows: Sequence[DataRow], side: str, task: str | None = None) -> None:
        """Take in rows of a side; of the task where that is known."""
        parts: dict[str, list[DataRow]] = {}
        for row in rows:
            name = self._tasks.get(system_of(row.turns), "") if task is None else task
            parts.setdefault(name, []).append(row)
        for name, part in parts.items():
            self._of(name, side).look(part)

    def look_at_samples(self, tasks: Mapping[str, Task]) -> None:
        """The samples of tasks; they are of "" where training rows can't be told apart by task."""
        for name, task in tasks.items():
            taught = any(known == name for known, _ in self.all)
            alone = not taught and (not self._known(task) and ("", "train") in self.all)
            self._of("" if alone else name, TEST).look([row for one in task.samples if (row := _asked(task, one))])

    def _known(self, task: Task) -> bool:
        return bool(task.prompt and task.prompt.system in self._tasks and any(name for name, _ in self.all))

    def _of(self, task: str, side: str) -> Gathering:
        return self.all.setdefault((task, side), Gathering(task, side, self._seed))


def prompted(release: Release) -> dict[str, Task]:
    """The tasks with prompts and samples of their own, by suite.task; copies that a perturbation made are none."""
    return {
        f"{suite.name}.{task.name}": task
        for suite in release.suites
        for task in suite.tasks
        if task.prompt and task.samples and task.clean is None
    }


def _asked(task: Task, sample: Sample) -> DataRow | None:
    """A sample as the training row that it would be; None where its prompt can't be made (told with the suite)."""
    assert task.prompt is not None
    try:
        turns = tuple((turn["role"], turn["content"]) for turn in messages(task.prompt, sample.row))
    except ValueError:
        return None
    asked = "\n".join(text for role, text in turns if role == "user")
    target = catalog.build("tasks", task.kind, task.arguments).write(sample.target)
    label = target if task.kind == "classify" else None
    return DataRow(task.name, 0, "task", asked, target, (*turns, ("assistant", target)), label=label)


def _lengths(found: Iterable[int]) -> Lengths | None:
    values = np.asarray(found if isinstance(found, array) else list(found), dtype=np.int64)
    if not len(values):
        return None
    return Lengths(*(int(one) for one in np.quantile(values, (0, 0.5, 0.95, 1), method="inverted_cdf")))
