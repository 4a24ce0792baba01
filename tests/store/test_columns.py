"""Columns out of the database: what was stored, in the samples' order, and nothing for what was not."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.core.runs import Run, TaskResult
from harness.core.samples import Answer, Outcome, Output, Sample, Score
from harness.pipeline.running.answers import count
from harness.store.columns import LOST, SCORED, TaskColumns, task_columns
from harness.store.database import opened
from harness.store.writer import bring_in
from tests.columns import columns
from tests.store.made import RUN, finished, other

LOST_ONE, FAILED_ONE = Outcome.NOT_EVALUATED, Outcome.MODEL_FAILED


def result(task: str, repeats: int = 1, start: int = 0) -> TaskResult:
    """Samples that were scored, failed and lost in turn; one is answered with a question mark."""
    samples, outputs, answers, scores = [], [], [], []
    for i in range(start, start + 9):
        name = f"{task}{i}"
        samples.append(Sample(name, {"text": "?"}, {"a": i} if i % 2 else None, f"g{i // 2}" if i % 3 else None,
                              {"language": "de"} if i % 2 else {}, f"o{i}" if i % 4 else None))  # fmt: skip
        for r in range(repeats):
            outcome = (Outcome.SCORED, FAILED_ONE, LOST_ONE)[(i + r) % 3]
            gone = outcome is LOST_ONE
            value = "?" if i == start else f"label {i}"
            error = "reset" if gone else None
            outputs.append(
                Output(name, None if gone else value, latency=None if gone else 0.5 + i, error=error, repeat=r)
            )
            answers.append(Answer(name, outcome, value if outcome is Outcome.SCORED else None, error or "no label", r))
            scores.append(
                Score(name, "accuracy", None if gone else float(i % 2), reason="reset" if gone else None, repeat=r)
            )
            scores += [] if gone else [Score(name, "fields", 0.25 * i, part, repeat=r) for part in ("b", "a")]
    return TaskResult(task, tuple(samples), tuple(outputs), tuple(answers), tuple(scores))


@pytest.fixture
def stored(tmp_path: Path) -> Any:
    """Bring results in as one run; gives its columns."""

    def bring(*results: TaskResult, answers: frozenset[str] = frozenset()) -> list[TaskColumns]:
        bring_in(tmp_path / "store.duckdb", finished(tmp_path / "run", _counted(results), results))
        with opened(tmp_path / "store.duckdb", read_only=True) as connection:
            return task_columns(connection, RUN.id, answers)

    return bring


def _counted(results: tuple[TaskResult, ...]) -> Run:
    names = {one.task: RUN.metrics["t"] for one in results}
    return other(metrics=names, task_digests=dict.fromkeys(names, "e" * 64), counts=count(results))


def same(found: TaskColumns, wanted: TaskColumns) -> None:
    """Both hold the same; JSON texts mean the same."""
    for name in ("ids", "groups", "origins"):
        assert getattr(found, name) == getattr(wanted, name)
    for name in ("targets", "slices", "answers"):
        texts = [[None if text is None else json.loads(text) for text in getattr(one, name)] for one in (found, wanted)]
        assert texts[0] == texts[1], name
    np.testing.assert_array_equal(found.outcomes, wanted.outcomes)
    np.testing.assert_array_equal(found.latencies, wanted.latencies)
    assert sorted(found.scores) == sorted(wanted.scores)
    for key, values in wanted.scores.items():
        np.testing.assert_array_equal(found.scores[key], values)


@pytest.mark.parametrize("repeats", [1, 3])
def test_columns_are_what_was_stored(stored: Any, repeats: int) -> None:
    first, second = result("first", repeats), result("second", repeats, start=20)
    found = stored(first, second, answers=frozenset({"first", "second"}))
    assert [one.task for one in found] == ["first", "second"]
    for one, made in zip(found, (first, second), strict=True):
        same(one, columns(made))


def test_an_answer_that_could_not_be_read_is_none_and_no_question_mark(stored: Any) -> None:
    (found,) = stored(result("first"), answers=frozenset({"first"}))
    assert found.answers[0] == '"?"'
    assert found.answers[1] is None
    assert found.outcomes[1, 0] not in (SCORED, LOST)


def test_answers_are_read_only_where_a_metric_is_made_of_them(stored: Any) -> None:
    found = stored(result("first"), result("second"), answers=frozenset({"second"}))
    assert [bool(one.answers) for one in found] == [False, True]


def test_samples_are_taken_in_any_order_and_more_than_once(stored: Any) -> None:
    (found,) = stored(result("first", 2), answers=frozenset({"first"}))
    taken = found.take([4, 0, 4])
    assert taken.ids == ("first4", "first0", "first4")
    assert taken.answers == (*found.answers[8:10], *found.answers[0:2], *found.answers[8:10])
    np.testing.assert_array_equal(taken.scores["fields", "a"], found.scores["fields", "a"][[4, 0, 4]])
    for field in fields(TaskColumns):
        value = getattr(taken, field.name)
        if isinstance(value, tuple | np.ndarray) and field.name != "answers":
            assert len(value) == 3
