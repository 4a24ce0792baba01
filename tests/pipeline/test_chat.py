"""Chat rows are the suite's own prompt and the right answer."""

from __future__ import annotations

import json

import pytest

from harness.core.errors import ConfigError
from harness.pipeline.chat import chat_rows
from tests.projects import Project


def test_a_task_without_a_system_turn_has_none(desk: Project) -> None:
    row = json.loads(chat_rows(desk.root, "suites/desk.yaml", "data/order_examples.jsonl", "orders")[0])
    assert row == {
        "id": "o300",
        "messages": [
            {"role": "user", "content": "order 300"},
            {"role": "assistant", "content": '{"order": "300", "count": null}'},
        ],
    }


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (
            None,
            "suites/desk.yaml: the suite has several tasks; name one with --task. It has: orders, summary, knowledge.",
        ),
        ("order", "suites/desk.yaml: no task 'order'. It has: orders, summary, knowledge."),
        ("knowledge", "the task 'knowledge' has no prompt"),
    ],
)
def test_the_task_must_be_clear(desk: Project, task: str | None, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        chat_rows(desk.root, "suites/desk.yaml", "data/order_examples.jsonl", task)
    assert said in str(caught.value)


def test_bad_rows_give_no_chat_rows_but_every_problem(desk: Project) -> None:
    desk.write("data/new.jsonl", '{"id": 1, "text": "a", "label": "x"}\n{"id": 1, "label": "billing"}\n')
    with pytest.raises(ConfigError) as caught:
        chat_rows(desk.root, "suites/triage.yaml", "data/new.jsonl", None)
    assert [problem.line for problem in caught.value.problems] == [1, 2]


@pytest.mark.parametrize("suite", ["suites/none.yaml", "data/triage.jsonl", "suites"])
def test_a_suite_that_is_none_is_told(desk: Project, suite: str) -> None:
    with pytest.raises(ConfigError) as caught:
        chat_rows(desk.root, suite, "data/examples.jsonl", None)
    assert str(caught.value).startswith(suite)


def test_the_rows_made_can_be_trained_on(desk: Project) -> None:
    lines = chat_rows(desk.root, "suites/triage.yaml", "data/examples.jsonl", None)
    desk.write("data/train.jsonl", "\n".join(lines) + "\n")
    assert desk.problems() == []
    lines = chat_rows(desk.root, "suites/triage.yaml", "data/triage.jsonl", None)
    desk.write("data/train.jsonl", "\n".join(lines) + "\n")
    assert len(desk.problems()) == len(lines), "these are the test rows"
