"""The best constant answer of a task, as it is scored on the task's own samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.policies import Subset
from harness.core.suites import Task
from harness.pipeline.judging.constant_answer import best_constant_answer
from harness.pipeline.validate import validate
from tests.pipeline.release_project import make_project, write_rows


def labelled(root: Path, labels: list[str], metrics: tuple[str, ...] = ("accuracy", "macro_f1", "format")) -> Task:
    """A classification whose samples have these labels, in this order."""
    project = make_project(root, "http://127.0.0.1:9")
    rows = [{"id": f"r{i}", "text": f"message {i}", "label": label} for i, label in enumerate(labels)]
    write_rows(root / "data/test.jsonl", rows)
    project.suite["tasks"]["sort"]["metrics"] = list(metrics)
    project.write()
    return validate(project.file).suites[0].tasks[0]


def test_rows_that_are_sorted_by_class_give_the_share_of_the_whole(tmp_path: Path) -> None:
    task = labelled(tmp_path, ["billing"] * 3_000 + ["shipping"] * 2_000 + ["other"] * 1_000)
    constant = best_constant_answer(task, "accuracy")
    assert constant is not None
    assert constant.value == pytest.approx(0.5, abs=0.001)
    assert constant.model == "a model that always answers 'billing'"


def test_f1_counts_what_a_constant_answer_gets_wrong_in_the_other_classes(tmp_path: Path) -> None:
    task = labelled(tmp_path, ["billing"] * 60 + ["shipping"] * 40)
    whole, shipping = (
        best_constant_answer(task, "macro_f1"),
        best_constant_answer(task, "macro_f1", Subset("class", "shipping", None)),
    )
    assert whole is not None
    assert whole.value == pytest.approx((2 * 60 / 160) / 2)
    assert shipping is not None
    assert shipping.value == pytest.approx(2 * 40 / 140)


@pytest.mark.parametrize("metric", ["format", "no_such_metric"])
def test_where_it_is_not_computed_there_is_none(tmp_path: Path, metric: str) -> None:
    assert best_constant_answer(labelled(tmp_path, ["billing", "other"] * 20), metric) is None
